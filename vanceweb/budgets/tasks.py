"""Background tasks of budgets."""

from django_tasks import task

from vanceweb.budgets.alert_mails import send_next_mail


@task(queue_name="io")
def send_alert_mails() -> None:
    """Send the mail that has been due longest."""
    send_next_mail()
