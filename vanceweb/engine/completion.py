"""How a transform ends: its row and the message to its webhook are written together, exactly once."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from vanceweb.engine.models import Transform, WebhookDelivery
from vanceweb.engine.payloads import build_progress_data, build_success


class TransformMovedOn(Exception):
    """The row had moved on: another worker, a cancellation or the sweeper ended it, or took it over."""


def end_transform(held: QuerySet[Transform], *, state: Transform.State, **fields: Any) -> WebhookDelivery | None:
    """Ends the one row in `held`, a queryset whose conditions say that the caller may still end it.

    Gives the delivery to the transform's webhook, to be enqueued by the caller, where there is one.
    Raises TransformMovedOn when the conditions don't hold any more; then nothing was written.
    """
    with transaction.atomic():
        pk = held.values_list("pk", flat=True).first()
        if pk is None:
            raise TransformMovedOn
        ended = held.filter(pk=pk).update(
            state=state, finished_at=timezone.now(), lease_token=None, lease_until=None, **fields
        )
        if ended != 1:
            raise TransformMovedOn
        return _create_delivery(Transform.objects.get(pk=pk))


def _create_delivery(transform: Transform) -> WebhookDelivery | None:
    if not transform.webhook:
        return None
    ids = {"trans_id": transform.trans_id, "uid": transform.uid}
    payload = build_success(build_progress_data(transform) | ids, ip="")
    delivery = WebhookDelivery.objects.create(transform=transform, url=transform.webhook, payload=payload)
    # The URL carries a secret of the receiver's: it is kept in one place, until it is delivered.
    Transform.objects.filter(pk=transform.pk).update(webhook="")
    return delivery
