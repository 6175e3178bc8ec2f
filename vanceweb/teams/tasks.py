"""Background tasks of teams."""

from django_tasks import task

from vanceweb.teams.invitation_mail import send_next_invitation


@task(queue_name="io")
def send_invitations() -> None:
    """Send the mail that has been due longest."""
    send_next_invitation()
