"""Deliveries to webhooks when jobs end: three attempts, each with a new check of the address."""

import logging

from django.conf import settings

from vanceweb.engine.errors import Code, EngineError
from vanceweb.engine.models import WebhookDelivery
from vanceweb.lib.call_slots import CallSlots, find_service_name
from vanceweb.lib.host_calls import attempt_most_overdue, plan_next_attempt
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, filter_due
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
    return attempt_most_overdue(
        WebhookDelivery.objects.all(),
        _attempt_delivery,
        slots=_slots,
        choices=CHOICES,
        states=WebhookDelivery.UNFINISHED,
        state=WebhookDelivery.State.SENDING,
        undo={"state": WebhookDelivery.State.WAITING},
    )


def has_due_deliveries() -> bool:
    """Return whether a worker could take a delivery now."""
    return filter_due(WebhookDelivery.objects.all(), WebhookDelivery.UNFINISHED).exists()


def _attempt_delivery(lease: Lease[WebhookDelivery]) -> None:
    """Post the delivery. If that failed and attempts are left, set the time of the next one."""
    states = WebhookDelivery.State
    try:
        delivery = WebhookDelivery.objects.get(pk=lease.pk)
        with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS):
            is_delivered = _post(delivery)
        if is_delivered:
            lease.release(state=states.DELIVERED, url="")
        elif next_time := plan_next_attempt(delivery.attempts, settings.ENGINE_WEBHOOK_PAUSES):
            lease.release(state=states.WAITING, not_before=next_time)
        else:
            lease.release(state=states.FAILED, url="")
    except LeaseLost:
        logger.info("delivery %s was taken over by another process", lease.pk)


def _post(delivery: WebhookDelivery) -> bool:
    """Post the delivery and return whether the receiver accepted it. Log only the host: the path may be secret."""
    host = find_service_name(delivery.url)
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
