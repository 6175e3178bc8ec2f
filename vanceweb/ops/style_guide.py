"""The content of the style guide: the tokens, and an example of each component."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import get_feature_by_slug
from vanceweb.catalogue.forms import build_form_class
from vanceweb.catalogue.step_serialisation import to_json
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset, Blob
from vanceweb.gallery.samples import get_sample
from vanceweb.jobs.models import Job
from vanceweb.jobs.views_studio import SampleOffer
from vanceweb.ops.forms import SetUpForm
from vanceweb.teams.access import Actor
from vanceweb.teams.models import Role, Team, User
from vanceweb.vault.models import Connection

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# One field for each kind of control, by feature.
CONTROLS = {
    "img2anime": ("model_name", "look", "prompt", "overwrite", "denoising_strength"),
    "matting": ("dpi", "background"),
}
TOKEN = re.compile(r"^ +--([\w-]+): ([^;]+);", re.MULTILINE)
COLOUR = re.compile(r"light-dark\(#|#|rgb\(")


@dataclass(frozen=True)
class Sample:
    """An example in the template `ops/styleguide/<name>.html`, and the tags, templates or classes that it shows."""

    name: str
    title: "StrOrPromise"
    shows: str

    @property
    def template_name(self) -> str:
        return f"ops/styleguide/{self.name}.html"

    @property
    def source(self) -> str:
        """Return the template's text, which is what a page has to contain."""
        return Path(settings.BASE_DIR, "templates", self.template_name).read_text("utf-8").strip()


SAMPLES = (
    Sample("colours", _("Colours"), "var(--…)"),
    Sample("type", _("Type sizes"), "var(--text-…)"),
    Sample("spaces", _("Spaces"), "var(--space-…)"),
    Sample("brand", _("Brand"), ".brand, components/mark.html"),
    Sample("button", _("Buttons"), "{% button_row %}, .button"),
    Sample("tool", _("Tools"), ".tool, {% icon %}"),
    Sample("field", _("Fields"), "{% field %}, components/form_errors.html"),
    Sample("check", _("Check box"), ".check"),
    Sample("control", _("Controls"), "{% control %}"),
    Sample("drop_zone", _("Drop zone"), "{% drop_zone %}"),
    Sample("card", _("Card"), "{% card %}"),
    Sample("feature_card", _("Feature card"), "components/feature_card.html"),
    Sample("sample_offer", _("Sample offer"), "components/sample_offer.html"),
    Sample("job_row", _("Job row"), "components/job_row.html"),
    Sample("job_tile", _("Job tile"), "components/job_tile.html"),
    Sample("job_state", _("State of a job"), "components/job_state.html, components/job_summary.html"),
    Sample("gallery_tile", _("Gallery tile"), "components/gallery_tile.html"),
    Sample("secret_text", _("Secret text"), "components/secret_text.html"),
    Sample("stat_tile", _("Stat tile"), "{% stat_tile %}, .tiles"),
    Sample("note", _("Notes"), "{% note %}"),
    Sample("toast", _("Toast"), "components/toast.html"),
    Sample("empty_state", _("Empty state"), "{% empty_state %}"),
    Sample("chip", _("Chips"), "components/chip.html"),
    Sample("avatar", _("Avatar"), "components/avatar.html, .avatar-line"),
    Sample("person", _("Person"), "components/person.html"),
    Sample("progress", _("Progress"), "progress"),
    Sample("meter", _("Meter"), "meter"),
    Sample("budget_bar", _("Bar of a budget"), "components/budget_bar.html"),
    Sample("facts", _("Facts"), ".facts, .facts-right"),
    Sample("table", _("Table"), "{% table %}"),
    Sample("pagination", _("Pagination"), "components/pagination.html"),
    Sample("tabs", _("Tabs"), "{% tabs %}"),
    Sample("dialog", _("Dialog"), "{% dialog %}"),
    Sample("menu", _("Menu"), "{% menu %}"),
)


class PictureForm(forms.Form):
    """The input of the drop zone."""

    picture = forms.FileField()


@dataclass(frozen=True)
class Theme:
    """Light or dark, with forms of its own, since an id and a group of choices may be on a page only once."""

    name: str
    title: "StrOrPromise"
    form: forms.Form
    refused_form: forms.Form
    controls: Sequence[forms.BoundField]
    picture: forms.BoundField
    # None of these is stored.
    actor: Actor
    feature: Feature
    jobs: Sequence[Job]
    asset: Asset
    offer: SampleOffer


def build_themes() -> list[Theme]:
    """Return both themes for the examples."""
    feature = get_feature_by_slug("enlarge3")
    offer = SampleOffer(
        get_sample("cat"), feature, _("Enlarge it"), build_form_class(feature)(auto_id=False), Connection()
    )
    return [
        Theme(
            name,
            title,
            form=SetUpForm(prefix=name),
            refused_form=_build_refused_form(f"{name}-refused"),
            controls=[
                build_form_class(get_feature_by_slug(slug))(prefix=name)[field]
                for slug, fields in CONTROLS.items()
                for field in fields
            ],
            picture=PictureForm(prefix=name)["picture"],
            actor=Actor(User(), Team(slug="example"), Role.MEMBER),
            feature=feature,
            jobs=[_build_job(feature, state) for state in (Job.State.PROCESSING, Job.State.DONE, Job.State.FAILED)],
            # Too large to be shown itself, and without a thumbnail: the example has no file.
            asset=Asset(
                name="cat.png",
                blob=Blob(width=2400, height=1600, filesize=10**8),
                created_by=User(username="alice"),
            ),
            offer=offer,
        )
        for name, title in (("light", _("Light")), ("dark", _("Dark")))
    ]


def _build_job(feature: Feature, state: str) -> Job:
    steps = to_json([Step(feature.module, feature.complete_params({}))])
    person = None if state == Job.State.FAILED else User(username="alice")
    return Job(
        source_name="cat.png", steps=steps, feature=feature.slug, state=state, work_seconds=12, created_by=person
    )


def _build_refused_form(prefix: str) -> forms.Form:
    form = SetUpForm({}, prefix=prefix)
    form.add_error(None, _("The form couldn't be saved."))
    return form


@cache
def list_tokens() -> dict[str, list[str]]:
    """Return the names of the colours, of the type sizes and of the spaces in `tokens.css`, in its order."""
    text = Path(settings.BASE_DIR, "static", "css", "tokens.css").read_text("utf-8")
    tokens = dict(TOKEN.findall(text))
    return {
        "colours": [name for name, value in tokens.items() if COLOUR.match(value)],
        "sizes": [name for name in tokens if name.startswith("text-")],
        "spaces": [name for name in tokens if name.startswith("space-")],
    }
