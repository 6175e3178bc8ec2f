"""The io worker's mails with alerts of budgets."""

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

from vanceweb.budgets.models import AlertMail
from vanceweb.lib.leases import Lease, LeaseLost, claim_first
from vanceweb.lib.row_faults import release_after_fault

logger = logging.getLogger(__name__)

# Longer than a server's answer may take (EMAIL_TIMEOUT), so no second worker sends the same mail meanwhile.
LEASE = timedelta(seconds=120)
# A mail server that is restarted or overloaded is back within an hour.
RETRY_SECONDS = 300
MAX_ATTEMPTS = 12


def filter_unsent_mails() -> QuerySet[AlertMail]:
    """Return the mails that are still to be sent."""
    return AlertMail.objects.filter(mailed_at=None, attempts__lt=MAX_ATTEMPTS)


def send_next_mail() -> None:
    """Send the mail that has been due longest; one that can't be sent is due again later."""
    lease = claim_first(filter_unsent_mails().order_by("not_before"), duration=LEASE)
    if lease is None:
        return
    with suppress(LeaseLost), release_after_fault("The mail of a budget", lease, seconds=RETRY_SECONDS):
        mails = AlertMail.objects.select_related("alert__budget__team", "alert__budget__person", "person")
        _send(mails.select_related("alert__budget__connection").get(pk=lease.pk), lease)


def _send(mail: AlertMail, lease: Lease[AlertMail]) -> None:
    alert, budget = mail.alert, mail.alert.budget
    context = {
        "alert": alert,
        "budget": budget,
        "link": settings.PUBLIC_URL + reverse("budgets", args=[budget.team.slug]),
    }
    names = {"percent": alert.threshold, "subject": budget.subject, "team": budget.team.name}
    subject = _("%(percent)d %% of a budget: %(subject)s, %(team)s") % names
    try:
        send_mail(subject, render_to_string("budgets/alert_mail.txt", context), None, [mail.person.email])
    except (SMTPException, OSError) as error:
        logger.warning("The mail %s about a budget couldn't be sent: %s", mail.pk, type(error).__name__)
        due = timezone.now() + timedelta(seconds=RETRY_SECONDS)
        lease.release(not_before=due, woken_at=timezone.now())
    else:
        lease.release(mailed_at=timezone.now(), not_before=None)
