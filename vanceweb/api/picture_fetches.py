"""Pictures that programs send as a URL: the io worker fetches each, guarded, and stores it as an upload."""

import logging
from collections.abc import Callable
from contextlib import closing, suppress
from typing import IO

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext as _

from vanceweb.api.models import PictureFetch
from vanceweb.api.private_addresses import find_allowed_hosts
from vanceweb.gallery.services import store_upload
from vanceweb.lib.call_slots import CallSlots, find_service_name
from vanceweb.lib.host_calls import attempt_most_overdue, plan_next_attempt
from vanceweb.lib.images import ImageRefused
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, filter_due
from vanceweb.lib.outbound_fetch import FetchedFile, FetchLimits, FetchRefused, fetch_public_url
from vanceweb.lib.outbound_http import DeliveryFailed, DeliveryTimeouts
from vanceweb.lib.public_addresses import AddressRefused, HostNotFound
from vanceweb.lib.row_faults import release_after_fault
from vanceweb.teams.access import Action, Actor, get_actor, require
from vanceweb.vault.base_urls import can_name_private_addresses

logger = logging.getLogger(__name__)

# A picture of 10 MB over a slow line; a server that takes longer blocks a thread of the worker for so long.
CONNECT_SECONDS = 5
TOTAL_SECONDS = 30
# At a time in one process: a quarter of its threads, and few from one server.
FETCHES_AT_ONCE = 4
FETCHES_AT_ONCE_PER_HOST = 2
# The most overdue fetches among which one with a free slot is searched for.
CHOICES = 100
# Pauses between the attempts at a server that doesn't answer; it may be restarting.
FETCH_PAUSES = (2, 10)
# After a fault of this site, say a full disk.
FETCH_RETRY_SECONDS = 60
# A fetch that meets so many faults is given up.
MAX_ATTEMPTS = 10
# So many pictures of a person may wait at a time: their rows are all that holds up others.
FETCHES_PER_PERSON = 100

_slots = CallSlots(per_service=FETCHES_AT_ONCE_PER_HOST, in_all=FETCHES_AT_ONCE)


class TooManyFetches(Exception):
    """The person has too many pictures to fetch already."""


@transaction.atomic
def request_fetch(*, actor: Actor, url: str, wake: Callable[[], object]) -> PictureFetch:
    """Have the picture at the URL fetched. Raise PermissionDenied or TooManyFetches."""
    require(actor, Action.MAKE)
    waiting = PictureFetch.objects.filter(created_by=actor.user, state=PictureFetch.State.FETCHING)
    if waiting.count() >= FETCHES_PER_PERSON:
        raise TooManyFetches
    fetch = PictureFetch.objects.create(**actor.own().to_fields(), url=url)
    wake()
    return fetch


def fetch_next_picture() -> bool:
    """Fetch the most overdue picture whose server has a free slot. Return False if there is none."""
    return attempt_most_overdue(PictureFetch.objects.all(), _fetch, slots=_slots, choices=CHOICES)


def has_due_fetches() -> bool:
    """Return whether a worker could take a fetch now."""
    return filter_due(PictureFetch.objects.all()).exists()


def _fetch(lease: Lease[PictureFetch]) -> None:
    with suppress(LeaseLost), release_after_fault("Fetching a picture", lease, seconds=FETCH_RETRY_SECONDS):
        fetch = PictureFetch.objects.select_related("team", "created_by").get(pk=lease.pk)
        try:
            actor = _get_actor(fetch)
            with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS):
                fetched = _download(fetch.url, actor)
                with closing(fetched.file):
                    _store(lease, fetch, actor, fetched)
        except PermissionDenied:
            _fail(lease, "permission", _("Whoever asked for the picture may no longer add pictures to the team."))
        except (HostNotFound, DeliveryFailed) as error:
            _schedule_retry(lease, fetch, error)
        except AddressRefused as error:
            _fail(lease, "address", str(error))
        except FetchRefused as error:
            _fail(lease, "answer", str(error))
        except ImageRefused as error:
            _fail(lease, "picture", str(error))


def _get_actor(fetch: PictureFetch) -> Actor:
    """Return whoever asked for the picture. Raise PermissionDenied, or FetchRefused after too many faults."""
    actor = None if fetch.created_by is None else get_actor(fetch.created_by, fetch.team)
    if actor is None:
        raise PermissionDenied
    require(actor, Action.MAKE)
    if fetch.attempts > MAX_ATTEMPTS:
        raise FetchRefused(_("The picture couldn't be stored here."))
    return actor


def _download(url: str, actor: Actor) -> FetchedFile:
    may_be_private = can_name_private_addresses(actor.user)
    return fetch_public_url(
        url,
        limits=FetchLimits(settings.UPLOAD_MAX_BYTES, DeliveryTimeouts(CONNECT_SECONDS, TOTAL_SECONDS)),
        folder=str(settings.FILE_UPLOAD_TEMP_DIR),
        find_allowed_hosts=lambda hop: find_allowed_hosts(hop, may_be_private=may_be_private),
        proxy=settings.OUTBOUND_PROXY,
    )


@transaction.atomic
def _store(lease: Lease[PictureFetch], fetch: PictureFetch, actor: Actor, fetched: FetchedFile) -> None:
    """Store the picture under the fetch's id, and delete the row: both, or neither if the lease is lost."""
    lease.check()
    file: IO[bytes] = fetched.file
    store_upload(actor=actor, file=file, name=fetched.name, uuid=fetch.uuid)  # type: ignore[arg-type]
    if PictureFetch.objects.filter(pk=lease.pk, lease_token=lease.token).delete()[0] != 1:
        raise LeaseLost


def _schedule_retry(lease: Lease[PictureFetch], fetch: PictureFetch, error: Exception) -> None:
    """Set the time of the next attempt, if one is left. The log names the host only: the path may be secret."""
    logger.warning("picture from %s, attempt %s: %s", find_service_name(fetch.url), fetch.attempts, error)
    next_time = plan_next_attempt(fetch.attempts, FETCH_PAUSES)
    if next_time is None:
        _fail(lease, "unreachable", _("The server can't be reached or didn't send the picture in time."))
    else:
        lease.release(not_before=next_time)


def _fail(lease: Lease[PictureFetch], code: str, sentence: str) -> None:
    lease.release(state=PictureFetch.State.FAILED, error_code=code, error=sentence, url="", not_before=None)
