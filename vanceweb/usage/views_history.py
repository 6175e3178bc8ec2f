"""The history of charges, one by one."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vanceweb.teams.access import Actor, team_page
from vanceweb.teams.return_lists import remember_list
from vanceweb.usage.history_search import read_search
from vanceweb.usage.queries import list_exports
from vanceweb.usage.scopes import build_scope_context


@require_safe
@team_page
def usage_history(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show a page of the charges that the filter leaves (`?after=`, `?before=`, `?last`), and the person's exports."""
    search = read_search(request.GET, actor)
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    page = search.get_page(limit=settings.USAGE_PAGE_ROWS, last="last" in request.GET, **place)
    exports = list_exports(actor)
    context = {
        "search": search,
        "form": search.form,
        "page": page,
        "rows": page.rows,
        "exports": exports,
        "has_waiting_exports": any(export.is_waiting for export in exports),
        **build_scope_context(actor, search.filters),
    }
    response = render(request, "usage/history.html", context, status=200 if search.form.is_valid() else 422)
    return remember_list(request, response)
