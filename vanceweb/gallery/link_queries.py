"""Reads of share links: for those who manage them, and for visitors."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Prefetch

from vanceweb.gallery.link_models import hash_secret
from vanceweb.gallery.models import Asset, SharedPicture, ShareLink
from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Actor, ShareVisit, filter_editable, filter_visible, find_share_visit

# Two rows of tiles to add to a link.
OFFERED_PICTURES = 24


@dataclass(frozen=True)
class ShownPicture:
    """A picture on the page of a share link, and the one before it, if the visitor may see that."""

    number: int
    picture: Asset
    before: Asset | None


def find_open_link(secret: str) -> ShareLink | None:
    """Return the link with this secret unless it has ended."""
    links = ShareLink.objects.open().select_related("team", "private_to").prefetch_related(_build_prefetch())
    return links.filter(digest=hash_secret(secret)).first()


def list_shown(link: ShareLink) -> list[ShownPicture]:
    """Return the pictures that the link still shows. Those that were made private or deleted are missing."""
    visit = find_share_visit(link)
    return (
        [] if visit is None else [_build_shown(row, visit) for row in link.pictures.all() if visit.can_see(row.picture)]
    )


def get_links_page(actor: Actor, after: str | None, limit: int) -> tuple[list[ShareLink], str | None]:
    """Return a page of the links that the actor sees, newest first, and the next page's cursor. Always two queries.

    Raise Http404 for a bad cursor.
    """
    links = filter_visible(ShareLink.objects.select_related("created_by"), actor)
    return get_page_after(links.prefetch_related(_build_prefetch()), after=after, limit=limit)


def find_shareable(actor: Actor, uuids: Sequence[str]) -> list[Asset]:
    """Return the pictures with these ids that the actor may share, in this order, each once."""
    known = [UUID(text) for text in dict.fromkeys(uuids) if _is_uuid(text)]
    found = {asset.uuid: asset for asset in filter_editable(Asset.objects.all(), actor).filter(uuid__in=known)}
    return [found[uuid] for uuid in known if uuid in found]


def list_offered(actor: Actor, chosen: Sequence[Asset]) -> list[Asset]:
    """Return the newest results that the actor may share and that aren't chosen yet."""
    results = filter_editable(Asset.objects.results(), actor).exclude(pk__in=[asset.pk for asset in chosen])
    return list(results.order_by("-created_at", "-pk")[:OFFERED_PICTURES])


def _build_shown(row: SharedPicture, visit: ShareVisit) -> ShownPicture:
    before = row.before if row.before is not None and visit.can_see(row.before) else None
    return ShownPicture(row.number, row.picture, before)


def _build_prefetch() -> Prefetch[str]:
    rows = SharedPicture.objects.select_related("picture__blob", "before__blob")
    return Prefetch("pictures", queryset=rows)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
