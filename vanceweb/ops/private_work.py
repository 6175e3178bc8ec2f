"""The private work of a person in a team, and its fate when they leave."""

from dataclasses import dataclass

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vanceweb.api.models import PictureFetch, Webhook
from vanceweb.gallery.link_models import ShareLink
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import delete_asset
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import cancel_job
from vanceweb.teams.memberships import MembershipRefused
from vanceweb.teams.models import Team, TeamOwned, User
from vanceweb.usage.models import UsageExport, UsageRecord
from vanceweb.usage.sums import list_days, recompute_days
from vanceweb.vault.keeping import find_connections_kept_by
from vanceweb.vault.models import Connection

# Every kind of row that can be private to a person. The order is that of deletion: jobs before their pictures.
OWNED_MODELS: tuple[type[TeamOwned], ...] = (
    Job,
    ShareLink,
    Asset,
    PictureFetch,
    Webhook,
    UsageExport,
    UsageRecord,
    Connection,
)


class Fate(models.TextChoices):
    """The choices for private work."""

    HAND_OVER = "hand_over", gettext_lazy("Hand it over: only the successor sees it from then on")
    SHARE = "share", gettext_lazy("Share it with the team")
    DELETE = "delete", gettext_lazy("Delete it for good")


@dataclass(frozen=True)
class PrivateWork:
    """The numbers of what is private to a person in a team, with what of the team's needs somebody else.

    These are shared connections that need another keeper, and webhooks, which stay on.
    """

    pictures: int
    jobs: int
    unfinished_jobs: int
    connections: int
    shared_connections: tuple[Connection, ...]
    webhooks: tuple[Webhook, ...]

    @property
    def has_private(self) -> bool:
        return bool(self.pictures or self.jobs or self.connections)


def count_private_work(*, team: Team, user: User) -> PrivateWork:
    """Return the numbers to tell before the person leaves the team."""
    jobs = Job.objects.filter(team=team, private_to=user)
    return PrivateWork(
        pictures=filter_private(Asset, team, user).count(),
        jobs=jobs.count(),
        unfinished_jobs=jobs.filter(finished_at=None).count(),
        connections=filter_private(Connection, team, user).count(),
        shared_connections=tuple(filter_kept(team, user)),
        webhooks=tuple(Webhook.objects.filter_maker(team, user).defer("secret")),
    )


def filter_private(model: type[TeamOwned], team: Team, user: User) -> QuerySet[TeamOwned]:
    """Return the rows of the team that are private to the person."""
    return model._default_manager.filter(team=team, private_to=user)


def filter_kept(team: Team, user: User) -> QuerySet[Connection]:
    """Return the team's connections that the person keeps."""
    return find_connections_kept_by(user, team).exclude(service=Connection.Service.BUNDLED)


def hand_over_work(*, team: Team, user: User, heir: User, with_connections: bool) -> None:
    """Make the person's private work private to the heir. Their connections go along, or else are deleted.

    Call it inside a transaction. Raise MembershipRefused if a job still runs on a connection that would be deleted.
    """
    if not with_connections:
        _refuse_running(_filter_running(team, user).filter(connection__private_to=user), user)
        filter_private(Connection, team, user).delete()
    # What waits may use a private connection and a private picture only as the job of their person.
    keys = list(_filter_running(team, user).values_list("pk", flat=True))
    Job.objects.filter(pk__in=keys, created_by=user).update(created_by=heir)
    _free_names(team, user, heir)
    revoke_private_links(team, user)
    _delete_exports(team, user)
    Connection.objects.filter(team=team, private_to=user).update(keeper=heir)
    days = list_days(filter_private(UsageRecord, team, user))
    for model in OWNED_MODELS:
        filter_private(model, team, user).update(private_to=heir, created_by=heir)
    recompute_days(team_id=team.pk, days=days)


def share_work(*, team: Team, user: User) -> None:
    """Make the person's private work the team's, except for their connections, which are deleted.

    Call it inside a transaction. Raise MembershipRefused if a job still runs on a connection that would be deleted.
    """
    _refuse_running(_filter_running(team, user).filter(connection__private_to=user), user)
    filter_private(Connection, team, user).delete()
    revoke_private_links(team, user)
    _delete_exports(team, user)
    days = list_days(filter_private(UsageRecord, team, user))
    for model in OWNED_MODELS:
        filter_private(model, team, user).update(private_to=None)
    recompute_days(team_id=team.pk, days=days)


def delete_work(*, team: Team, user: User) -> None:
    """Delete the person's private work. Their private jobs that still run are cancelled.

    Call it inside a transaction. Raise MembershipRefused if a job of the team still needs something private.
    """
    _refuse_running(_filter_running(team, user).exclude(private_to=user), user)
    for job in Job.objects.filter(team=team, private_to=user, finished_at=None):
        cancel_job(job=job)
    for asset in Asset.objects.filter(team=team, private_to=user).order_by("pk"):
        delete_asset(asset=asset)
    days = list_days(filter_private(UsageRecord, team, user))
    for model in OWNED_MODELS:
        filter_private(model, team, user).delete()
    recompute_days(team_id=team.pk, days=days)


def revoke_private_links(team: Team, user: User) -> None:
    """End the share links to what is private to the person: nobody else decided to show it."""
    links = ShareLink.objects.filter(team=team, private_to=user, revoked_at=None)
    links.update(revoked_at=timezone.now())


def _delete_exports(team: Team, user: User) -> None:
    """Delete the person's files of charges, whatever becomes of the rest: they were made for them, for a day.

    The sweep of stray files removes the files.
    """
    filter_private(UsageExport, team, user).delete()


def forget_spender(team: Team, user: User) -> None:
    """Take the person from the people who are named as spenders, so that a return brings nothing back."""
    Connection.spenders.through._default_manager.filter(connection__team=team, user=user).delete()


def _filter_running(team: Team, user: User) -> QuerySet[Job]:
    """Return the jobs that haven't ended and need something private to the person."""
    needs = Q(connection__private_to=user) | Q(source__private_to=user)
    return Job.objects.filter(needs, team=team, finished_at=None)


def _refuse_running(running: QuerySet[Job], user: User) -> None:
    count = running.count()
    if count:
        message = ngettext(
            "%(count)d job still needs something private of %(name)s. Wait until it has ended, or cancel it.",
            "%(count)d jobs still need something private of %(name)s. Wait until they have ended, or cancel them.",
            count,
        )
        raise MembershipRefused(message % {"count": count, "name": user.get_username()})


def _free_names(team: Team, user: User, heir: User) -> None:
    """Rename the connections whose name the heir sees already."""
    visible = Q(private_to=None) | Q(private_to=heir)
    taken = set(Connection.objects.filter(visible, team=team).values_list("name", flat=True))
    for connection in Connection.objects.without_token().filter(team=team, private_to=user):
        if connection.name in taken:
            name = _("%(name)s of %(person)s") % {"name": connection.name[:30], "person": user.get_username()[:40]}
            number = 1
            while (free := name if number == 1 else f"{name} {number}") in taken:
                number += 1
            taken.add(free)
            Connection.objects.filter(pk=connection.pk).update(name=free)
