"""The answers for rows: the same in every call and in webhooks."""

import json
from decimal import Decimal
from typing import Any

from ninja.responses import NinjaJSONEncoder

from vanceweb.api.models import PictureFetch
from vanceweb.api.schemas import (
    ChoiceOut,
    ErrorOut,
    FeatureOut,
    FetchedPicture,
    JobOut,
    Me,
    ParameterOut,
    Picture,
    StepOut,
    TeamOut,
    UsageBucketOut,
    UsageEntryOut,
    UsageOut,
    UsageRecordOut,
)
from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.parameters import Parameter
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.access import Actor
from vanceweb.teams.models import Scope, User
from vanceweb.usage.figures.bars import Bars
from vanceweb.usage.models import UsageRecord

# The code of a held job's error. Those of failed ones are the kinds of failures, or this one where none is stored.
HELD = "held"
FAILED = "failed"


def describe_actor(actor: Actor) -> Me:
    """Return the answer about the token's person, team and scopes."""
    scopes = [scope.value for scope in Scope if actor.scopes is None or scope in actor.scopes]
    team = TeamOut(slug=actor.team.slug, name=actor.team.name, role=actor.role.value)
    return Me(user=actor.user.get_username(), team=team, scopes=scopes)


def describe_feature(feature: Feature) -> FeatureOut:
    """Return the answer about a feature of the catalogue."""
    return FeatureOut(
        slug=feature.slug,
        module=feature.module,
        title=str(feature.title),
        description=str(feature.description),
        group=feature.group.value,
        credits=to_decimal_text(feature.credits),
        only_last=feature.only_last,
        parameters=[_describe_parameter(parameter) for parameter in feature.parameters],
    )


def _describe_parameter(parameter: Parameter) -> ParameterOut:
    return ParameterOut(
        key=parameter.key,
        title=str(parameter.title),
        kind=parameter.kind.value,
        default=parameter.default,
        minimum=parameter.minimum,
        maximum=parameter.maximum,
        step=parameter.step,
        unit=parameter.unit,
        choices=[ChoiceOut(value=choice.value, title=str(choice.title)) for choice in parameter.choices],
        max_length=parameter.max_length,
        help=str(parameter.help),
        overridden_by=list(parameter.overridden_by),
    )


def describe_picture(asset: Asset) -> Picture:
    """Return the answer about a picture, which was read with the person who made it."""
    return Picture(
        id=asset.uuid,
        state="ready",
        name=asset.name,
        width=asset.width,
        height=asset.height,
        format=asset.format,
        bytes=asset.filesize,
        sha256=asset.sha256,
        kind=asset.kind,
        feature=asset.feature,
        person=_get_person_name(asset.created_by),
        private=asset.is_private,
        created_at=asset.created_at,
    )


def describe_fetch(fetch: PictureFetch) -> FetchedPicture:
    """Return the answer about a picture that is being fetched, or couldn't be."""
    error = ErrorOut(code=fetch.error_code, message=fetch.error) if fetch.has_failed else None
    return FetchedPicture(id=fetch.uuid, state=fetch.state, error=error)


def describe_job(job: Job) -> JobOut:
    """Return the answer about a job, which was read with its pictures and has its place, if it waits."""
    return JobOut(
        id=job.uuid,
        state=job.state,
        percent=100.0 if job.state == Job.State.DONE else job.shown_percent,
        position=None if job.place is None else job.place.position,
        expected_seconds=_estimate_seconds(job),
        error=_describe_error(job),
        result=None if job.result is None else describe_picture(job.result),
        credits=to_decimal_text(job.credits),
        steps=[StepOut(module=step.module, params=dict(step.params)) for step in job.parsed_steps],
        picture=None if job.source is None else job.source.uuid,
        person=_get_person_name(job.created_by),
        private=job.is_private,
        created_at=job.created_at,
        finished_at=job.finished_at,
    )


def describe_bars(bars: Bars) -> UsageOut:
    """Return the answer about the credits of a period."""
    buckets = [
        UsageBucketOut(
            start=start,
            credits=to_decimal_text(bars.totals[place]),
            jobs=bars.jobs[place],
            by=[
                UsageEntryOut(
                    id=series.entry.key or None,
                    name=series.entry.name,
                    credits=to_decimal_text(series.credits[place]),
                )
                for series in bars.series
                if series.credits[place]
            ],
        )
        for place, start in enumerate(bars.starts)
    ]
    return UsageOut(buckets=buckets, total=to_decimal_text(bars.total))


def describe_record(actor: Actor, row: UsageRecord) -> UsageRecordOut:
    """Return the answer about a charge, which was read with its job, its person and its connection."""
    connection = row.connection
    return UsageRecordOut(
        created_at=row.created_at,
        credits=to_decimal_text(row.points),
        feature=row.feature,
        person=_get_person_name(row.created_by),
        connection=None if connection is None or not actor.can_see(connection) else connection.uuid,
        connection_name=row.connection_name,
        job=None if row.shown_job is None else row.shown_job.uuid,
        info=row.info if row.job_uuid is None or row.shown_job is not None else "",
        balance=to_decimal_text(row.balance),
        match=row.match,
    )


def to_json_text(document: Any) -> str:
    """Return an answer, or a document with answers in it, as the JSON that ninja would write."""
    return json.dumps(document, cls=NinjaJSONEncoder)


def to_decimal_text(number: Decimal) -> str:
    """Return a number of credits without zeros at its end, and never as a power of ten."""
    return f"{number.normalize():f}"


def _estimate_seconds(job: Job) -> float | None:
    """Return the seconds until the end of the work: the wait for its place and what the work takes."""
    if not job.is_active:
        return None
    if job.place is not None:
        return float(round(job.place.seconds + job.expected_seconds, 1))
    if job.work_started_at is None:
        return round(job.expected_seconds, 1)
    elapsed = job.elapsed.total_seconds()
    if job.percent:
        return round(elapsed * (100 - job.percent) / job.percent, 1)
    return round(max(0.0, job.expected_seconds - elapsed), 1)


def _describe_error(job: Job) -> ErrorOut | None:
    if job.is_held:
        return ErrorOut(code=HELD, message=job.held_reason)
    if job.state == Job.State.FAILED:
        return ErrorOut(code=job.failure_kind or FAILED, message=job.error)
    return None


def _get_person_name(user: User | None) -> str | None:
    return None if user is None else user.get_username()
