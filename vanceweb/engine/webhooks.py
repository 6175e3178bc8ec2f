"""Deliveries to webhooks when jobs end: three attempts, each with a new check of the address."""

import logging
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from vanceweb.engine.errors import Code, EngineError
from vanceweb.engine.models import WebhookDelivery
from vanceweb.lib.leases import LeaseLost, claim
from vanceweb.lib.outbound_http import (
    AddressRefused,
    DeliveryFailed,
    DeliveryTimeouts,
    check_public_url,
    post_json_to_public_url,
)

logger = logging.getLogger(__name__)

FIRST_FAILING_STATUS = 400
# A receiver that doesn't respond blocks the io worker for this long, three times.
CONNECT_SECONDS = 5
TOTAL_SECONDS = 10


def check_webhook(url: str) -> None:
    """Raise EngineError if the engine doesn't post to this URL."""
    try:
        check_public_url(url, allowed_hosts=settings.ENGINE_WEBHOOK_ALLOWED_HOSTS)
    except AddressRefused as error:
        raise EngineError(Code.ILLEGAL_PARAMETER, {"webhook": [str(error)]}) from error


def attempt_delivery(pk: int) -> datetime | None:
    """Attempt a delivery once, unless another worker holds it. Return the time of the next attempt, if any."""
    delivery_states = WebhookDelivery.State
    lease = claim(
        WebhookDelivery.objects.all(),
        pk=pk,
        states=WebhookDelivery.UNFINISHED,
        state=delivery_states.SENDING,
        # An attempt has its own time limit, which is shorter than this: no heartbeat is needed.
        duration=timedelta(seconds=TOTAL_SECONDS + settings.LEASE_SECONDS),
    )
    if lease is None:
        return None
    delivery = WebhookDelivery.objects.get(pk=pk)
    pauses = settings.ENGINE_WEBHOOK_PAUSES
    try:
        if _post(delivery):
            lease.release(state=delivery_states.DELIVERED, url="")
        elif delivery.attempts > len(pauses):
            lease.release(state=delivery_states.FAILED, url="")
        else:
            next_attempt = timezone.now() + timedelta(seconds=pauses[delivery.attempts - 1])
            lease.release(state=delivery_states.WAITING, not_before=next_attempt, woken_at=next_attempt)
            return next_attempt
    except LeaseLost:
        logger.info("delivery %s was taken over by another process", pk)
    return None


def _post(delivery: WebhookDelivery) -> bool:
    """Post the delivery and return whether the receiver accepted it. Log only the host: the path may be secret."""
    host = urlsplit(delivery.url).hostname
    try:
        status = post_json_to_public_url(
            delivery.url,
            delivery.payload,
            timeouts=DeliveryTimeouts(connect=CONNECT_SECONDS, total=TOTAL_SECONDS),
            allowed_hosts=settings.ENGINE_WEBHOOK_ALLOWED_HOSTS,
        )
    except (AddressRefused, DeliveryFailed) as error:
        logger.warning("webhook at %s, attempt %s: %s", host, delivery.attempts, error)
        return False
    if status >= FIRST_FAILING_STATUS:
        logger.warning("webhook at %s, attempt %s: status %s", host, delivery.attempts, status)
    return status < FIRST_FAILING_STATUS
