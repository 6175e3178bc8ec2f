"""The end of a transform: its row and the webhook delivery are written together, exactly once.

A cancellation isn't posted to the webhook: whoever cancelled the job knows it.
"""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from vanceweb.engine.models import Transform, WebhookDelivery
from vanceweb.engine.payloads import build_progress_data, build_success


class TransformMovedOn(Exception):
    """The row has changed: another worker, a cancellation or the sweeper ended it or took it over."""


def end_transform(held: QuerySet[Transform], *, state: Transform.State, **fields: Any) -> WebhookDelivery | None:
    """End the transform in `held`, a queryset of one row that is empty if the caller may no longer end it.

    Return the delivery to the transform's webhook, which the caller has to enqueue, or None if there is no webhook or
    the transform was cancelled. Raise TransformMovedOn, without writing anything, if `held` is empty.
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
    # The URL contains a secret of the receiver: it is stored in one place only, until delivery.
    Transform.objects.filter(pk=transform.pk).update(webhook="")
    if transform.state == Transform.State.CANCELLED:
        return None
    ids = {"trans_id": transform.trans_id, "uid": transform.uid}
    payload = build_success(build_progress_data(transform) | ids, ip="")
    return WebhookDelivery.objects.create(transform=transform, url=transform.webhook, payload=payload)
