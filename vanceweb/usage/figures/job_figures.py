"""The success and the duration of jobs, by feature."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from statistics import median

from django.db.models import Case, F, Value, When

from vanceweb.jobs.models import Job
from vanceweb.teams.access import Actor
from vanceweb.usage.charged_features import get_feature_title
from vanceweb.usage.figures.entries import Entry, EntryKind
from vanceweb.usage.figures.filters import Filters
from vanceweb.usage.figures.periods import Period
from vanceweb.usage.models import WORKFLOW
from vanceweb.vault.models import Connection

# The latest jobs of a period, which the figures are made from: more wouldn't change them by a percent or two, and the
# page would take longer the more a team works.
SAMPLED_JOBS = 1000


@dataclass(frozen=True)
class FeatureWork:
    """The jobs of a feature that are done or failed; cancelled ones say nothing of it.

    `success_percent` is None without any; `median_seconds` is the service's work on those that are done, without
    waiting, None where it is unknown.
    """

    entry: Entry
    done: int
    failed: int
    success_percent: float | None
    median_seconds: float | None


@dataclass(frozen=True)
class JobFigures:
    """The features with the most jobs first. `is_complete` is False if only the latest `sampled` jobs are counted."""

    features: tuple[FeatureWork, ...]
    sampled: int
    is_complete: bool


@dataclass
class _Tally:
    done: int = 0
    failed: int = 0
    seconds: list[float] = field(default_factory=list)


def read_job_figures(
    actor: Actor, period: Period, filters: Filters, connection_ids: Collection[int], *, zone: str
) -> JobFigures:
    """Return the figures of the jobs that ended in the period on these connections, in one query."""
    first, last = period.get_moments(zone)
    jobs = Job.objects.filter(
        team=actor.team, finished_at__gte=first, finished_at__lt=last, state__in=[Job.State.DONE, Job.State.FAILED]
    )
    if filters.is_private or filters.connections:
        jobs = jobs.filter(connection__in=connection_ids)
    else:
        # Nearly all jobs: an index on connections would have the database sort them.
        private = Connection.objects.filter(team=actor.team).exclude(private_to=None)
        jobs = jobs.exclude(connection=None).exclude(connection__in=private.values("pk"))
    if filters.person is not None:
        jobs = jobs.filter(created_by=filters.person)
    # A job of several steps is a workflow, whose last step's feature is stored.
    charged = jobs.annotate(
        charged=Case(When(steps__steps__1__isnull=False, then=Value(WORKFLOW)), default=F("feature"))
    )
    if filters.feature:
        charged = charged.filter(charged=filters.feature)
    rows = list(charged.order_by("-finished_at").values_list("charged", "state", "work_seconds")[: SAMPLED_JOBS + 1])
    tallies: dict[str, _Tally] = defaultdict(_Tally)
    for feature, state, seconds in rows[:SAMPLED_JOBS]:
        tally = tallies[feature]
        if state == Job.State.FAILED:
            tally.failed += 1
            continue
        tally.done += 1
        if seconds is not None:
            tally.seconds.append(seconds)
    features = sorted((_build(feature, tally) for feature, tally in tallies.items()), key=_get_order)
    return JobFigures(tuple(features), min(len(rows), SAMPLED_JOBS), len(rows) <= SAMPLED_JOBS)


def _build(feature: str, tally: _Tally) -> FeatureWork:
    return FeatureWork(
        Entry(EntryKind.ONE, feature, get_feature_title(feature)),
        tally.done,
        tally.failed,
        round(100 * tally.done / (tally.done + tally.failed), 1),
        round(median(tally.seconds), 1) if tally.seconds else None,
    )


def _get_order(work: FeatureWork) -> tuple[int, str]:
    return -(work.done + work.failed), work.entry.name
