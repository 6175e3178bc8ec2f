"""Telling webhooks of events: signed, with a new check of the address at each attempt, and again after pauses."""

import hashlib
import hmac
import logging
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.api.models import WebhookDelivery
from vanceweb.api.private_addresses import find_allowed_hosts
from vanceweb.api.webhook_events import can_be_told
from vanceweb.lib.call_slots import CallSlots, find_service_name
from vanceweb.lib.encryption import DecryptionFailed
from vanceweb.lib.host_calls import attempt_most_overdue, plan_next_attempt
from vanceweb.lib.leases import Heartbeat, Lease, LeaseLost, filter_due
from vanceweb.lib.outbound_http import DeliveryFailed, DeliveryTimeouts, post_to_public_url
from vanceweb.lib.public_addresses import AddressRefused
from vanceweb.lib.row_faults import release_after_fault

logger = logging.getLogger(__name__)

# Seconds between the attempts: a receiver that restarts misses nothing, nor does one that is mended within the day.
DELIVERY_PAUSES = (5, 60, 600, 3600, 6 * 3600, 12 * 3600)
# A receiver that doesn't respond blocks a thread of the io worker for this long.
CONNECT_SECONDS = 5
TOTAL_SECONDS = 10
# At a time in one process: a quarter of its threads, and few to one receiver.
DELIVERIES_AT_ONCE = 4
DELIVERIES_AT_ONCE_PER_HOST = 2
# The most overdue deliveries among which one with a free slot is searched for.
CHOICES = 1000
# After a fault of this site.
FAULT_SECONDS = 60
SIGNATURE_HEADER = "Vanceweb-Signature"
GOOD = range(200, 300)

_slots = CallSlots(per_service=DELIVERIES_AT_ONCE_PER_HOST, in_all=DELIVERIES_AT_ONCE)
State = WebhookDelivery.State


def attempt_next_delivery() -> bool:
    """Attempt the most overdue delivery to a host with a free slot once. Return False if there is none."""
    return attempt_most_overdue(
        WebhookDelivery.objects.all(),
        _attempt_delivery,
        slots=_slots,
        choices=CHOICES,
        url_field="webhook__url",
        states=WebhookDelivery.UNFINISHED,
        state=State.SENDING,
        undo={"state": State.WAITING},
    )


def has_due_deliveries() -> bool:
    """Return whether a worker could take a delivery now."""
    return filter_due_deliveries().exists()


def filter_due_deliveries() -> QuerySet[WebhookDelivery]:
    """Return the deliveries that a worker could take now."""
    return filter_due(WebhookDelivery.objects.all(), WebhookDelivery.UNFINISHED)


def sign(secret: str, body: bytes, *, timestamp: int) -> str:
    """Return the signature header: the time, and the HMAC-SHA256 of the time, a dot and the body."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"t={timestamp},v1={signed.hexdigest()}"


def _attempt_delivery(lease: Lease[WebhookDelivery]) -> None:
    """Post the delivery. If that failed and attempts are left, set the time of the next one."""
    fault = release_after_fault("A delivery to a webhook", lease, seconds=FAULT_SECONDS, state=State.WAITING)
    with suppress(LeaseLost), fault:
        delivery = WebhookDelivery.objects.select_related("webhook").get(pk=lease.pk)
        if not can_be_told(delivery):
            lease.release(state=State.DROPPED, body="", error=_("The job is private now."))
            return
        if not delivery.webhook.is_active:
            lease.release(state=State.FAILED, error=_("The webhook was switched off."))
            return
        with Heartbeat(lease, every=settings.LEASE_HEARTBEAT_SECONDS):
            outcome = _post(delivery)
        outcome["attempted_at"] = timezone.now()
        if not outcome["error"]:
            lease.release(state=State.DELIVERED, **outcome)
        elif next_time := plan_next_attempt(delivery.attempts, DELIVERY_PAUSES):
            lease.release(state=State.WAITING, not_before=next_time, **outcome)
        else:
            lease.release(state=State.FAILED, **outcome)


def _post(delivery: WebhookDelivery) -> dict[str, Any]:
    """Return the status and, for a failure, its reason. The log names the host only: the path may be secret."""
    webhook, body = delivery.webhook, delivery.body.encode()
    try:
        headers = {
            SIGNATURE_HEADER: sign(webhook.secret.open(), body, timestamp=int(timezone.now().timestamp())),
            "Vanceweb-Event": delivery.event,
            "Vanceweb-Delivery": str(delivery.uuid),
        }
        status = post_to_public_url(
            webhook.url,
            body,
            headers=headers,
            timeouts=DeliveryTimeouts(connect=CONNECT_SECONDS, total=TOTAL_SECONDS),
            allowed_hosts=find_allowed_hosts(webhook.url, may_be_private=webhook.may_be_private),
            proxy=settings.OUTBOUND_PROXY,
        )
    except DecryptionFailed:
        return {"status": 0, "error": _("The stored secret can't be decrypted with this site's keys.")}
    except AddressRefused as error:
        return {"status": 0, "error": str(error)}
    except DeliveryFailed as error:
        logger.warning("webhook at %s, attempt %s: %s", find_service_name(webhook.url), delivery.attempts, error)
        return {"status": 0, "error": _("The address doesn't answer.")}
    if status in GOOD:
        return {"status": status, "error": ""}
    logger.warning("webhook at %s, attempt %s: %s", find_service_name(webhook.url), delivery.attempts, status)
    return {"status": status, "error": _("The address answered with status %(status)d.") % {"status": status}}
