"""Deliveries to webhooks when jobs end: three attempts, each with a new check of the address."""

import logging
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from vanceweb.engine.errors import Code, EngineError
from vanceweb.engine.models import WebhookDelivery
from vanceweb.lib.call_slots import CallSlots
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, claim, filter_due
from vanceweb.lib.outbound_http import DeliveryFailed, DeliveryTimeouts, check_public_url, post_json_to_public_url
from vanceweb.lib.public_addresses import AddressRefused, HostNotFound

logger = logging.getLogger(__name__)

FIRST_FAILING_STATUS = 400
# A receiver that doesn't respond blocks a thread of the io worker for this long, three times.
CONNECT_SECONDS = 5
TOTAL_SECONDS = 10
# At the same time in one process: half of its threads, and so few to one host that a slow receiver only delays its own.
WEBHOOKS_AT_ONCE = 8
WEBHOOKS_AT_ONCE_PER_HOST = 2
# The most overdue deliveries among which one with a free slot is searched for.
CHOICES = 1000

_slots = CallSlots(per_service=WEBHOOKS_AT_ONCE_PER_HOST, in_all=WEBHOOKS_AT_ONCE)


def check_webhook(url: str) -> None:
    """Raise EngineError if the engine doesn't post to this URL.

    A host that can't be found now is accepted: by the end of the job it may have an address, which is checked then.
    """
    try:
        check_public_url(
            url, allowed_hosts=settings.ENGINE_WEBHOOK_ALLOWED_HOSTS, has_proxy=settings.OUTBOUND_PROXY is not None
        )
    except HostNotFound:
        return
    except AddressRefused as error:
        raise EngineError(Code.ILLEGAL_PARAMETER, {"webhook": [str(error)]}) from error


def attempt_next_delivery() -> bool:
    """Attempt the most overdue delivery to a host with a free slot once. Return False if there is none."""
    taken = _slots.take(_claim_delivery)
    if taken is None:
        return False
    host, lease = taken
    with _slots.returning(host):
        _attempt_delivery(lease)
    return True


def has_due_deliveries() -> bool:
    """Return whether a worker could take a delivery now."""
    return _filter_due().exists()


def _filter_due() -> QuerySet[WebhookDelivery]:
    return filter_due(WebhookDelivery.objects.all(), WebhookDelivery.UNFINISHED)


def _claim_delivery(has_slot: Callable[[str], bool]) -> tuple[str, Lease[WebhookDelivery]] | None:
    for pk, url in _filter_due().order_by("not_before", "pk").values_list("pk", "url")[:CHOICES]:
        host = _find_host(url)
        if not has_slot(host):
            continue
        lease = claim(
            WebhookDelivery.objects.all(),
            pk=pk,
            states=WebhookDelivery.UNFINISHED,
            state=WebhookDelivery.State.SENDING,
            duration=timedelta(seconds=settings.LEASE_SECONDS),
            undo={"state": WebhookDelivery.State.WAITING},
        )
        if lease is not None:
            return host, lease
    return None


def _attempt_delivery(lease: Lease[WebhookDelivery]) -> None:
    """Post the delivery. If that failed and attempts are left, set the time of the next one."""
    states, pauses = WebhookDelivery.State, settings.ENGINE_WEBHOOK_PAUSES
    try:
        delivery = WebhookDelivery.objects.get(pk=lease.pk)
        with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS):
            is_delivered = _post(delivery)
        if is_delivered:
            lease.release(state=states.DELIVERED, url="")
        elif delivery.attempts > len(pauses):
            lease.release(state=states.FAILED, url="")
        else:
            pause = timedelta(seconds=pauses[delivery.attempts - 1])
            lease.release(state=states.WAITING, not_before=timezone.now() + pause)
    except LeaseLost:
        logger.info("delivery %s was taken over by another process", lease.pk)


def _post(delivery: WebhookDelivery) -> bool:
    """Post the delivery and return whether the receiver accepted it. Log only the host: the path may be secret."""
    host = _find_host(delivery.url)
    try:
        status = post_json_to_public_url(
            delivery.url,
            delivery.payload,
            timeouts=DeliveryTimeouts(connect=CONNECT_SECONDS, total=TOTAL_SECONDS),
            allowed_hosts=settings.ENGINE_WEBHOOK_ALLOWED_HOSTS,
            proxy=settings.OUTBOUND_PROXY,
        )
    except (AddressRefused, DeliveryFailed) as error:
        logger.warning("webhook at %s, attempt %s: %s", host, delivery.attempts, error)
        return False
    except Exception:
        # It counts as an attempt like any other, so it isn't repeated for ever.
        logger.exception("webhook at %s, attempt %s failed unexpectedly", host, delivery.attempts)
        return False
    if status >= FIRST_FAILING_STATUS:
        logger.warning("webhook at %s, attempt %s: status %s", host, delivery.attempts, status)
    return status < FIRST_FAILING_STATUS


def _find_host(url: str) -> str:
    """Return the URL's host, or the URL itself if that can't be read: the delivery will fail, but no other."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url
