"""The studio's home page: the features by group, the samples and the recent jobs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from vanceweb.catalogue.feature import Feature, Group
from vanceweb.catalogue.features import GROUPS, get_feature_by_slug, get_features_in_group
from vanceweb.catalogue.forms import FeatureForm, build_form_class
from vanceweb.gallery.models import Asset
from vanceweb.gallery.samples import Sample, get_sample
from vanceweb.jobs.queries import get_recent_jobs
from vanceweb.lib.engine_gaps import read_gaps
from vanceweb.teams.access import Actor, filter_spendable, filter_visible, team_page
from vanceweb.teams.return_lists import remember_list
from vanceweb.vault.models import Connection
from vanceweb.vault.queries import choose_default

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RECENT_JOBS = 8
# Sample slug, slug of a feature that suits it, and the text of the button.
SAMPLE_OFFERS = (
    ("astronaut", "enlarge3", _("Enlarge it")),
    ("cat", "matting", _("Cut it out")),
    ("coffee", "denoise", _("Clean it up")),
)


@dataclass(frozen=True)
class SampleOffer:
    """A sample photo with a feature to try on it. The form has the feature's defaults."""

    sample: Sample
    feature: Feature
    label: "StrOrPromise"
    form: FeatureForm
    connection: Connection


@dataclass(frozen=True)
class FeatureGroup:
    """The features of one group."""

    group: Group
    features: tuple[Feature, ...]


@require_safe
@team_page
def studio(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the features. With an asset's id as `?source=`, the links pass that picture on."""
    context = {
        "feature_groups": [FeatureGroup(group, get_features_in_group(group)) for group in GROUPS],
        "sample_offers": list(_build_sample_offers(actor)),
        "jobs": get_recent_jobs(actor, RECENT_JOBS),
        "source": _find_source(request, actor),
        "gaps": read_gaps(),
    }
    return remember_list(request, render(request, "jobs/studio.html", context))


def _build_sample_offers(actor: Actor) -> Iterable[SampleOffer]:
    """Yield the offers, or none if the actor can't start jobs or no connection works."""
    connection = choose_default(filter_spendable(Connection.objects.without_token(), actor))
    if connection is None or not actor.can_make:
        return
    # A first try that fails would be a poor welcome.
    gaps = read_gaps() if connection.is_bundled else frozenset()
    for sample, slug, label in SAMPLE_OFFERS:
        feature = get_feature_by_slug(slug)
        if feature.module in gaps:
            continue
        yield SampleOffer(get_sample(sample), feature, label, build_form_class(feature)(auto_id=False), connection)


def _find_source(request: HttpRequest, actor: Actor) -> Asset | None:
    """Return the picture from the query. An invalid id and someone else's picture give None."""
    try:
        wanted = UUID(request.GET.get("source", ""))
    except ValueError:
        return None
    return filter_visible(Asset.objects.all(), actor).filter(uuid=wanted).first()
