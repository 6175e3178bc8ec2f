"""The io worker's mails with invitations. Each attempt makes a new secret, which only the mail has."""

import logging
from contextlib import suppress
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.lib.leases import Lease, LeaseLost, claim_first
from vanceweb.lib.row_faults import release_after_fault
from vanceweb.teams.link_secrets import create_secret, hash_secret
from vanceweb.teams.models import Invitation

logger = logging.getLogger(__name__)

# Longer than a server's answer may take (EMAIL_TIMEOUT), so no second worker sends the same mail meanwhile.
LEASE = timedelta(seconds=120)
# A mail server that is restarted or overloaded is back within an hour.
RETRY_SECONDS = 300
MAX_ATTEMPTS = 12


def filter_unsent() -> QuerySet[Invitation]:
    """Return the invitations whose mail is still to be sent."""
    return Invitation.objects.pending().exclude(email="").filter(mailed_at=None, attempts__lt=MAX_ATTEMPTS)


def send_next_invitation() -> None:
    """Send the mail that has been due longest, or note why it couldn't be sent."""
    lease = claim_first(filter_unsent().order_by("not_before"), duration=LEASE)
    if lease is None:
        return
    with suppress(LeaseLost), release_after_fault("The mail of an invitation", lease, seconds=RETRY_SECONDS):
        _send(Invitation.objects.select_related("team", "created_by").get(pk=lease.pk), lease)


def _send(invitation: Invitation, lease: Lease[Invitation]) -> None:
    secret = create_secret()
    lease.write(digest=hash_secret(secret))
    context = {
        "invitation": invitation,
        "link": settings.PUBLIC_URL + reverse("invitation", args=[secret]),
    }
    subject = _("Join %(team)s on vanceweb") % {"team": invitation.team.name}
    try:
        send_mail(subject, render_to_string("teams/invitation_mail.txt", context), None, [invitation.email])
    except (SMTPException, OSError) as error:
        # Neither the error's text nor a trace: a server may repeat the mail in its answer.
        logger.warning("The mail of invitation %s couldn't be sent: %s", invitation.pk, type(error).__name__)
        problem = _("The mail couldn't be sent yet. It is tried again for an hour.")
        due = timezone.now() + timedelta(seconds=RETRY_SECONDS)
        lease.release(digest=None, problem=problem, not_before=due, woken_at=timezone.now())
    else:
        lease.release(mailed_at=timezone.now(), problem="", not_before=None)
