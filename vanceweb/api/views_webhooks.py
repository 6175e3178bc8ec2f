"""The team's webhooks and their deliveries, for admins."""

from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from vanceweb.api.forms import WebhookForm
from vanceweb.api.models import Webhook, WebhookDelivery
from vanceweb.api.tasks import wake_delivery_worker
from vanceweb.api.webhook_services import (
    change_webhook,
    create_webhook,
    delete_webhook,
    send_again,
    take_over_webhook,
)
from vanceweb.lib.pagination import get_page_after
from vanceweb.teams.access import Action, Actor, get_visible_or_404, require, team_page

# One or two screens.
DELIVERY_ROWS = 50


@sensitive_variables("created")
@require_http_methods(["GET", "HEAD", "POST"])
@team_page
def webhooks(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the webhooks and the form for a new one, whose secret is shown in the answer to the form and never again."""
    require(actor, Action.MANAGE_CONNECTIONS)
    form = WebhookForm(request.POST or None)
    created = None
    if request.method == "POST" and form.is_valid():
        try:
            created = create_webhook(actor=actor, values=form.build_values())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            form = WebhookForm()
    rows = Webhook.objects.fetch_makers().filter(team=actor.team).defer("secret")
    context = {"webhooks": rows, "form": form, "created": created}
    status = 422 if request.method == "POST" and created is None else 200
    return render(request, "api/webhooks.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def webhook(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show a webhook with its deliveries, and change it."""
    row, actor = _get_webhook(request, uuid)
    initial = {"name": row.name, "url": row.url, "events": row.events, "is_active": row.is_active}
    form = WebhookForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_webhook(actor=actor, webhook=row, values=form.build_values())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%(name)s is changed.") % {"name": form.cleaned_data["name"]})
            return redirect("webhook", uuid=row.uuid)
    after = request.GET.get("after")
    deliveries, following = get_page_after(row.deliveries.all(), after=after, limit=DELIVERY_ROWS)
    context = {"webhook": row, "form": form, "deliveries": deliveries, "next": following, "first": not after}
    return render(request, "api/webhook.html", context, status=422 if request.method == "POST" else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def webhook_delete(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Say what goes, then delete the webhook."""
    row, actor = _get_webhook(request, uuid)
    if request.method != "POST":
        return render(request, "api/webhook_delete.html", {"webhook": row})
    delete_webhook(actor=actor, webhook=row)
    messages.success(request, _("%(name)s is deleted.") % {"name": row.name})
    return redirect("webhooks", team=actor.team.slug)


@require_POST
def webhook_take_over(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Make the person who asks the one behind a webhook whose maker has left."""
    row, actor = _get_webhook(request, uuid)
    if take_over_webhook(actor=actor, webhook=row):
        messages.success(request, _("You have taken over %(name)s.") % {"name": row.name})
    else:
        messages.error(request, _("Somebody in the team stands behind %(name)s already.") % {"name": row.name})
    return redirect("webhooks", team=actor.team.slug)


@require_POST
def webhook_send_again(request: HttpRequest, uuid: UUID, delivery: UUID) -> HttpResponse:
    """Send a delivery once more."""
    row, actor = _get_webhook(request, uuid)
    found = get_object_or_404(WebhookDelivery, webhook=row, uuid=delivery)
    if send_again(actor=actor, delivery=found, wake=wake_delivery_worker):
        messages.success(request, _("The event is sent again."))
    else:
        messages.error(request, _("This event can't be sent again."))
    return redirect("webhook", uuid=row.uuid)


def _get_webhook(request: HttpRequest, uuid: UUID) -> tuple[Webhook, Actor]:
    """Return the webhook and the actor. Raise Http404 for strangers, and PermissionDenied for members and viewers."""
    row, actor = get_visible_or_404(request, Webhook.objects.fetch_makers().defer("secret"), uuid=uuid)
    require(actor, Action.MANAGE_CONNECTIONS)
    return row, actor
