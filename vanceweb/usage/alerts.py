"""Alerts that somebody else may use a connection's token: charges from elsewhere that pass a threshold."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from vanceweb.jobs.models import Job
from vanceweb.lib.after_commit import run_after_commit
from vanceweb.teams.access import Actor, filter_answerable, require_answerable
from vanceweb.teams.audit import SITE, record_event
from vanceweb.teams.models import AuditAction
from vanceweb.usage.alert_models import UsageAlert
from vanceweb.usage.models import Match, UsageRecord
from vanceweb.vault.models import Connection
from vanceweb.vault.rejections import MAIL_TIMEOUT_SECONDS, find_recipients


def find_open_alerts(actor: Actor) -> QuerySet[UsageAlert]:
    """Return the open alerts about connections that the actor keeps or, as an admin, is told of."""
    theirs = filter_answerable(Connection.objects.all(), actor)
    rows = UsageAlert.objects.select_related("connection").defer("connection__token")
    return rows.filter(connection__in=theirs.values("pk"), dismissed_at=None).order_by("-created_at", "-pk")


def check_foreign_use(*, connection: Connection, shift: timedelta) -> UsageAlert | None:
    """Raise an alert if the threshold is passed, or bring the open one up to date. Call it with the connection locked.

    `shift` is how far the service's clock is ahead. Charges from before the connection was added and used here don't
    count, nor do any while no charge could be matched: then the site couldn't tell its own.
    """
    last = UsageAlert.objects.filter(connection=connection).order_by("-created_at").first()
    since = _find_beginning(connection, last)
    if since is None:
        return None
    rows = UsageRecord.objects.of_connection(connection).counted().filter(created_at__gte=since + shift)
    foreign = Q(match=Match.FOREIGN)
    sums = rows.aggregate(all=Sum("points"), credits=Sum("points", filter=foreign), rows=Count("pk", filter=foreign))
    credits, every = sums["credits"] or Decimal(0), sums["all"] or Decimal(0)
    percent = int(100 * credits / every) if every > 0 else 0
    figures = {"credits": credits, "rows": sums["rows"], "percent": min(max(percent, 0), 100)}
    if last is not None and last.dismissed_at is None:
        UsageAlert.objects.filter(pk=last.pk).update(**figures)
        return last
    if credits < settings.FOREIGN_ALERT_CREDITS or percent < settings.FOREIGN_ALERT_PERCENT:
        return None
    alert = UsageAlert.objects.create(connection=connection, since=since, **figures)
    # The team's log tells nothing of what a private connection spends.
    details = {} if connection.is_private else {"count": format_credits(credits)}
    named = not connection.is_private
    record_event(
        AuditAction.MISUSE_SUSPECTED, by=SITE, target=connection, team=connection.team, is_named=named, **details
    )
    run_after_commit(send_alert_mail, alert)
    return alert


def _find_beginning(connection: Connection, last: UsageAlert | None) -> datetime | None:
    """Return the time from which charges from elsewhere count; None while there is nothing to tell them by.

    An open alert goes on counting. After one that was dismissed, only later charges count, and the next alert comes
    one period after it at the earliest.
    """
    if last is not None and last.dismissed_at is None:
        return last.since
    period = timedelta(days=settings.FOREIGN_ALERT_DAYS)
    now = timezone.now()
    if last is not None and last.created_at > now - period:
        return None
    if not UsageRecord.objects.of_connection(connection).filter(match=Match.MATCHED).exists():
        return None
    used = Job.objects.filter(connection=connection, downloaded_at__isnull=False).order_by("downloaded_at")
    first = used.values_list("downloaded_at", flat=True).first()
    if first is None:
        return None
    dismissed = last.dismissed_at if last is not None and last.dismissed_at else connection.created_at
    return max(now - period, connection.created_at, first, dismissed)


@transaction.atomic
def dismiss_alert(*, actor: Actor, alert: UsageAlert) -> None:
    """Close an alert. Raise PermissionDenied for an actor whom it doesn't concern. Safe to repeat."""
    require_answerable(actor, alert.connection)
    found = UsageAlert.objects.filter(pk=alert.pk, dismissed_at=None)
    if found.update(dismissed_at=timezone.now(), dismissed_by=actor.user):
        named = not alert.connection.is_private
        record_event(AuditAction.MISUSE_DISMISSED, by=actor.performer, target=alert.connection, is_named=named)


def send_alert_mail(alert: UsageAlert) -> None:
    """Write to the connection's keeper or, if there is none, to the admins. Do nothing without a mail server."""
    if not settings.HAS_MAIL:
        return
    addresses = [person.email for person in find_recipients(alert.connection) if person.email]
    if not addresses:
        return
    names = {
        "name": alert.connection.name,
        "team": alert.connection.team.name,
        "credits": format_credits(alert.credits),
    }
    text = _(
        "The connection %(name)s in the team %(team)s was charged %(credits)s credits that no job here caused. "
        "Somebody else may use its token. If that isn't you, make a new token at the service and replace it under "
        "Connections. The charges are on the page Usage."
    )
    EmailMessage(
        _("Somebody else may use the token of %(name)s") % names,
        text % names,
        to=addresses,
        connection=get_connection(timeout=MAIL_TIMEOUT_SECONDS),
    ).send()


def format_credits(credits: Decimal) -> str:
    """Return the number without needless zeros, for a mail or the audit log."""
    return f"{credits.normalize():f}"
