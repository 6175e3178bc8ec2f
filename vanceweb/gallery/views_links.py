"""The list of share links, making, changing and revoking one."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from vanceweb.gallery.forms import ShareLinkChangeForm, ShareLinkForm, to_lifetime
from vanceweb.gallery.link_queries import find_shareable, get_links_page, list_offered
from vanceweb.gallery.link_services import change_link, create_link, revoke_link
from vanceweb.gallery.models import Asset, ShareLink
from vanceweb.teams.access import (
    Action,
    Actor,
    get_visible_or_404,
    require,
    require_editable,
    require_withdrawable,
    team_page,
)

LINKS_PAGE_ROWS = 30
# More pictures make a page that takes long to load.
MAX_PICTURES = 100


@require_safe
@team_page
def links(request: HttpRequest, actor: Actor) -> HttpResponse:
    """List the team's share links, newest first, ended ones included."""
    rows, following = get_links_page(actor, request.GET.get("after"), LINKS_PAGE_ROWS)
    context = {"links": rows, "next": following, "first": not request.GET.get("after")}
    return render(request, "gallery/links.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def link_add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Share the pictures that `picture` names (repeatable) by a new link."""
    require(actor, Action.MAKE)
    given = request.POST if request.method == "POST" else request.GET
    pictures = find_shareable(actor, given.getlist("picture"))[:MAX_PICTURES]
    form = ShareLinkForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        if pictures:
            return _create(request, actor, pictures, form)
        form.add_error(None, _("Choose at least one picture that you may share."))
    context = {"form": form, "pictures": pictures, "offered": list_offered(actor, pictures)}
    return render(request, "gallery/link_add.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def link_edit(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change the title, the end, the password and whether originals are offered."""
    link, actor = get_visible_or_404(request, ShareLink.objects.all(), uuid=uuid)
    require_editable(actor, link)
    initial = {"title": link.title, "originals": link.shows_originals}
    form = ShareLinkChangeForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        _change(actor, link, form)
        messages.success(request, _("The link is changed. Its address stays the same."))
        return redirect(f"{reverse('links', args=[actor.team.slug])}#link-{link.uuid}")
    context = {"form": form, "link": link}
    return render(request, "gallery/link_edit.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def link_revoke(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Ask, then end the link."""
    link, actor = get_visible_or_404(request, ShareLink.objects.all(), uuid=uuid)
    require_withdrawable(actor, link)
    if request.method != "POST":
        return render(request, "gallery/link_revoke.html", {"link": link})
    revoke_link(actor=actor, link=link)
    messages.success(request, _("The link is revoked: its address shows nothing any more."))
    return redirect("links", team=actor.team.slug)


def _create(request: HttpRequest, actor: Actor, pictures: list[Asset], form: ShareLinkForm) -> HttpResponse:
    link = create_link(
        actor=actor,
        pictures=pictures,
        title=form.cleaned_data["title"],
        lasts=to_lifetime(form.cleaned_data["days"]),
        password=form.cleaned_data["password"],
        shows_originals=form.cleaned_data["originals"],
    )
    messages.success(request, _("The link is ready. Copy its address and send it."))
    return redirect(f"{reverse('links', args=[actor.team.slug])}#link-{link.uuid}")


def _change(actor: Actor, link: ShareLink, form: ShareLinkChangeForm) -> None:
    data = form.cleaned_data
    change_link(
        actor=actor,
        link=link,
        title=data["title"],
        shows_originals=data["originals"],
        expires_at=_find_end(link, data["days"]),
        password="" if data["no_password"] else data["password"] or None,
    )


def _find_end(link: ShareLink, days: str) -> datetime | None:
    """Return the end of the link by the choice, which is empty if it stays."""
    if not days:
        return link.expires_at
    lifetime = to_lifetime(days)
    return None if lifetime is None else timezone.now() + lifetime
