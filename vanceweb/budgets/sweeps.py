"""Periodic maintenance of budgets, run by the sweeper."""

from vanceweb.budgets.alert_mails import filter_unsent_mails
from vanceweb.budgets.tasks import send_alert_mails
from vanceweb.lib.leases import filter_due
from vanceweb.lib.wakeups import wake_due_rows


def wake_due_mails() -> int:
    """Wake workers for alerts whose mail is due. Return the number of messages."""
    return wake_due_rows(filter_due(filter_unsent_mails()), send_alert_mails.enqueue)
