"""Tokens that a service refused: the keeper is told on every page and by mail, and the audit log has it."""

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from vanceweb.lib.after_commit import run_after_commit
from vanceweb.teams.access import PERMISSIONS, Action, Actor
from vanceweb.teams.audit import SITE, record_event
from vanceweb.teams.models import AuditAction, Role, User
from vanceweb.vault.models import Connection

# A worker waits this long for the mail server. The notice on the pages is there anyway.
MAIL_TIMEOUT_SECONDS = 10


def find_rejected_connections(actor: Actor) -> QuerySet[Connection]:
    """Return the connections whose refused token is for the actor to replace, in all of their teams.

    They keep these. For those of the team that nobody keeps, it is the admins.
    """
    theirs = Q(keeper=actor.user)
    if actor.can(Action.MANAGE_CONNECTIONS):
        theirs |= Q(keeper=None, team=actor.team, private_to=None)
    return Connection.objects.without_token().select_related("team").filter(theirs, rejected_at__isnull=False)


def report_rejection(connection: Connection) -> None:
    """Record that the service refuses the token, and tell the keeper by mail. Call it inside the transaction."""
    record_event(AuditAction.CONNECTION_REJECTED, by=SITE, target=connection, team=connection.team)
    run_after_commit(send_rejection_mail, connection)


def send_rejection_mail(connection: Connection) -> None:
    """Write to the keeper or, if there is none, to the team's admins. Do nothing without a mail server."""
    if not settings.HAS_MAIL:
        return
    addresses = [person.email for person in find_recipients(connection) if person.email]
    if not addresses:
        return
    subject = _("%(name)s needs a new token") % {"name": connection.name}
    text = _(
        "The service of the connection %(name)s in the team %(team)s no longer accepts its token. Its jobs wait. "
        "Replace the token under Connections; then they continue by themselves."
    )
    EmailMessage(
        subject,
        text % {"name": connection.name, "team": connection.team.name},
        to=addresses,
        connection=get_connection(timeout=MAIL_TIMEOUT_SECONDS),
    ).send()


def find_recipients(connection: Connection) -> QuerySet[User]:
    """Return the people who are told of trouble with a connection: its keeper or, if there is none, the admins."""
    active = User.objects.filter(is_active=True)
    if connection.keeper_id is not None:
        return active.filter(pk=connection.keeper_id)
    roles = [role for role in Role if Action.MANAGE_CONNECTIONS in PERMISSIONS[role]]
    return active.filter(memberships__team=connection.team_id, memberships__role__in=roles)
