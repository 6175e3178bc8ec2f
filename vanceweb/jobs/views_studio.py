"""The studio's home: every feature in its group, the samples, and what happened lately."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vanceweb.catalogue.feature import Feature, Group
from vanceweb.catalogue.features import GROUPS, get_feature_by_slug, get_features_in_group
from vanceweb.catalogue.forms import FeatureForm, build_form_class
from vanceweb.gallery.models import Asset
from vanceweb.gallery.samples import Sample, get_sample
from vanceweb.jobs.queries import get_recent_jobs
from vanceweb.teams.access import filter_owned
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

RECENT_JOBS = 8
# For the very first click: a sample, the feature that shows best on it, and what the button says.
SAMPLE_OFFERS = (
    ("astronaut", "enlarge3", "Enlarge it"),
    ("cat", "matting", "Cut it out"),
    ("coffee", "denoise", "Clean it up"),
)


@dataclass(frozen=True)
class SampleOffer:
    """A sample photo with a feature, whose form is sent with its defaults."""

    sample: Sample
    feature: Feature
    label: str
    form: FeatureForm
    connection: Connection


@dataclass(frozen=True)
class FeatureGroup:
    """The features of one group."""

    group: Group
    features: tuple[Feature, ...]


@require_safe
def studio(request: HttpRequest) -> HttpResponse:
    """Everything there is to do; with `?source=` an asset's id, the links carry that picture on."""
    user = cast(User, request.user)
    context = {
        "shelves": [FeatureGroup(group, get_features_in_group(group)) for group in GROUPS],
        "tries": list(_build_sample_offers(filter_owned(Connection.objects.without_token(), user).first())),
        "jobs": get_recent_jobs(user, RECENT_JOBS),
        "source": _find_source(request, user),
    }
    return render(request, "jobs/studio.html", context)


def _build_sample_offers(connection: Connection | None) -> Iterable[SampleOffer]:
    if connection is None:
        return
    for sample, slug, label in SAMPLE_OFFERS:
        feature = get_feature_by_slug(slug)
        yield SampleOffer(get_sample(sample), feature, label, build_form_class(feature)(auto_id=False), connection)


def _find_source(request: HttpRequest, user: User) -> Asset | None:
    """The picture that a result's "use as source" brought along; a broken or a stranger's id brings none."""
    try:
        wanted = UUID(request.GET.get("source", ""))
    except ValueError:
        return None
    return filter_owned(Asset.objects.all(), user).filter(uuid=wanted).first()
