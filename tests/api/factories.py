"""Factories for webhooks."""

from django.utils import timezone

from tests.conftest import as_actor
from vanceweb.api.models import Webhook, WebhookDelivery, WebhookEvent
from vanceweb.teams.models import User

WEBHOOK_ERROR = "The address answered with status 503."


def make_webhook(user: User) -> Webhook:
    """Create a webhook of the user's team with one delivery that failed."""
    webhook = Webhook.objects.create(
        **as_actor(user).own().to_fields(),
        name="Shop",
        url="https://shop.example/hooks/jobs",
        secret="whsec_0123456789",
        events=list(WebhookEvent.values),
    )
    WebhookDelivery.objects.create(
        webhook=webhook,
        event=WebhookEvent.JOB_DONE,
        job_uuid=webhook.uuid,
        ended_at=timezone.now(),
        body="{}",
        state=WebhookDelivery.State.FAILED,
        status=503,
        error=WEBHOOK_ERROR,
        attempts=7,
        not_before=None,
    )
    return webhook
