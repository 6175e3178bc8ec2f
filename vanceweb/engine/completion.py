"""The end of a transform: its row, the webhook delivery and the notice to the site are written together, exactly once.

A cancellation isn't posted to the webhook: whoever cancelled the job knows it.
"""

from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string

from vanceweb.engine.models import Transform, WebhookDelivery
from vanceweb.engine.payloads import build_progress_data, build_success
from vanceweb.engine.tasks import deliver_webhooks


class TransformMovedOn(Exception):
    """The row has changed: another worker, a cancellation or the sweeper ended it or took it over."""


def end_transform(held: QuerySet[Transform], *, state: Transform.State, **fields: Any) -> None:
    """End the transform in `held`, a queryset of one row that is empty if the caller may no longer end it.

    Create the delivery to its webhook, if it has one and wasn't cancelled, and call ENGINE_ON_END, in the same
    transaction. Raise TransformMovedOn, without writing anything, if `held` is empty.
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
        transform = Transform.objects.get(pk=pk)
        _create_delivery(transform)
        if settings.ENGINE_ON_END:
            import_string(settings.ENGINE_ON_END)(transform.trans_id)


def _create_delivery(transform: Transform) -> None:
    if not transform.webhook:
        return
    # The URL contains a secret of the receiver: it is stored in one place only, until delivery.
    Transform.objects.filter(pk=transform.pk).update(webhook="")
    if transform.state == Transform.State.CANCELLED:
        return
    ids = {"trans_id": transform.trans_id, "uid": transform.uid}
    payload = build_success(build_progress_data(transform) | ids, ip="")
    WebhookDelivery.objects.create(transform=transform, url=transform.webhook, payload=payload)
    deliver_webhooks.enqueue()
