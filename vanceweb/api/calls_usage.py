"""The calls about usage."""

from django.core.exceptions import ValidationError
from django.http import Http404
from django.utils.translation import gettext as _
from ninja import Query, Router, Schema
from pydantic import Field

from vanceweb.api.authentication import ApiRequest
from vanceweb.api.lists import PAGE_MAX_ROWS, PAGE_ROWS
from vanceweb.api.problems import Problem, build_field_problem
from vanceweb.api.representations import describe_bars, describe_record
from vanceweb.api.schemas import (
    BucketText,
    DateText,
    DimensionText,
    ScopeOfUsage,
    SearchText,
    UsageOut,
    UsageRecordPage,
)
from vanceweb.teams.access import Action, require
from vanceweb.usage.figures.dashboard import compute_bars
from vanceweb.usage.figures.filters import Dimension, Filters, UsageScope
from vanceweb.usage.figures.periods import get_today, read_bucket, read_period
from vanceweb.usage.record_search import find_records, get_records_page

router = Router(tags=["Usage"])


class UsageQuery(Schema):
    """The period of sums, and their division."""

    first: DateText = Field("", alias="from", description="The first day in the team's zone; 30 days before `to`.")
    last: DateText = Field("", alias="to", description="The last day, included; today if left out.")
    bucket: BucketText = Field("", description="Left out: one that suits the period.")
    by: DimensionText = "feature"
    scope: ScopeOfUsage = "team"


class RecordsQuery(Schema):
    """The page of a list of charges."""

    cursor: SearchText = Field("", description="The `next` of the page before.")
    limit: int = Field(PAGE_ROWS, ge=1, le=PAGE_MAX_ROWS)
    scope: ScopeOfUsage = "team"


@router.get("/usage", response=UsageOut, summary="Spent credits by day, week or month")
def get_usage(request: ApiRequest, query: Query[UsageQuery]) -> UsageOut:
    """Sum up the charges of a period by feature, person or connection; the last 30 days if no dates are given.

    Only admins learn what others spend: everybody else gets themselves and the sum of the others.
    """
    actor = request.auth
    require(actor, Action.SEE)
    try:
        period = read_period({"from": query.first, "to": query.last}, get_today(actor.team))
        bucket = read_bucket(query.bucket, period)
    except ValidationError as error:
        raise _build_problem(error) from None
    filters = Filters(UsageScope(query.scope))
    return describe_bars(compute_bars(actor, period, filters, bucket=bucket, by=Dimension(query.by)))


@router.get("/usage/records", response=UsageRecordPage, summary="List charges")
def list_usage_records(request: ApiRequest, query: Query[RecordsQuery]) -> UsageRecordPage:
    """List the charges, the newest first: an admin's token gets everybody's, all others those of their person."""
    actor = request.auth
    require(actor, Action.SEE)
    rows = find_records(actor, Filters(UsageScope(query.scope))).select_related("created_by", "connection")
    try:
        page = get_records_page(actor, rows.defer("connection__token"), limit=query.limit, after=query.cursor)
    except Http404:
        raise build_field_problem([("cursor", _("This is not the cursor of a page."))]) from None
    return UsageRecordPage(items=[describe_record(actor, row) for row in page.rows], next=page.next)


def _build_problem(error: ValidationError) -> Problem:
    return build_field_problem([(name, " ".join(texts)) for name, texts in error.message_dict.items()])
