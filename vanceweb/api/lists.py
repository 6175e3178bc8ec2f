"""Pages of pictures and of jobs: filtered, the newest first."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import Field

from vanceweb.api.problems import build_field_problem
from vanceweb.api.schemas import SearchText
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.jobs.privacy import hide_private_pictures
from vanceweb.jobs.queries import add_places
from vanceweb.lib.pagination import build_cursor, get_page_after
from vanceweb.teams.access import Actor, filter_visible

# As many rows as a program gets without asking for a number, and the most.
PAGE_ROWS = 50
PAGE_MAX_ROWS = 200


class ListQuery(Schema):
    """The page and the filters of a list."""

    cursor: SearchText = Field("", description="The `next` of the page before.")
    limit: int = Field(PAGE_ROWS, ge=1, le=PAGE_MAX_ROWS)
    q: SearchText = Field("", description="A part of the name.")
    feature: SearchText = Field("", description="The slug of a feature.")
    person: SearchText = Field("", description="A user name, or `me`.")


def get_pictures_page(actor: Actor, query: ListQuery) -> tuple[list[Asset], str | None]:
    """Return a page of the visible pictures and the next page's cursor.

    Each kind is read on its own, in the order of its index, so that a page costs the same in a gallery of any size.
    Raise Problem for a cursor of somebody's own.
    """
    visible = filter_visible(Asset.objects.all(), actor).select_related("created_by")
    filters = _build_filters(actor, query, "name")
    pages = [_get_page(visible.filter(kind=kind, **filters), query) for kind in Asset.Kind.values]
    rows: list[Asset] = [row for page, _following in pages for row in page]
    rows.sort(key=lambda row: (row.created_at, row.pk), reverse=True)
    has_more = len(rows) > query.limit or any(following for _page, following in pages)
    return rows[: query.limit], build_cursor(rows[query.limit - 1]) if has_more else None


def get_jobs_page(actor: Actor, query: ListQuery) -> tuple[list[Job], str | None]:
    """Return a page of the visible jobs, with their pictures and places, and the next page's cursor."""
    visible = filter_visible(Job.objects.with_pictures(), actor).select_related("result__created_by")
    rows, following = _get_page(visible.filter(**_build_filters(actor, query, "source_name")), query)
    hide_private_pictures(actor, rows)
    add_places(rows)
    return rows, following


def _build_filters(actor: Actor, query: ListQuery, name: str) -> dict[str, Any]:
    person = actor.user.get_username() if query.person == "me" else query.person
    filters = {f"{name}__icontains": query.q, "feature": query.feature, "created_by__username": person}
    return {lookup: value for lookup, value in filters.items() if value}


def _get_page(rows: QuerySet[Any], query: ListQuery) -> tuple[list[Any], str | None]:
    try:
        return get_page_after(rows, after=query.cursor, limit=query.limit)
    except Http404:
        raise build_field_problem([("cursor", _("This is not the cursor of a page."))]) from None
