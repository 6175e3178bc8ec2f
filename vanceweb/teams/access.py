"""All permission checks of the site. Views ask only this module and never compare people or roles themselves.

Every check is made for an actor: a person in a team. A row of a team that the person isn't in, and a row that is
private to somebody else, answer 404, for owners and administrators too. A member without the right gets 403.
"""

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Value, When
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from vanceweb.lib.client_address import get_client_address
from vanceweb.teams.audit import Performer
from vanceweb.teams.models import Invitation, Membership, Ownership, Role, Scope, Team, TeamOwned, User, Via
from vanceweb.teams.models.keeping import TeamKept

Row = TypeVar("Row", bound=TeamOwned)
KeptRow = TypeVar("KeptRow", bound=TeamKept)
View = Callable[..., HttpResponseBase]
Person = User | AnonymousUser
# The id of the team that the person was last in, in their session.
TEAM_KEY = "team"


class Action(enum.Enum):
    """Something that a person may do in a team."""

    SEE = enum.auto()
    MAKE = enum.auto()  # upload pictures, submit jobs, add connections of one's own
    SPEND = enum.auto()  # run jobs on the team's connections
    EDIT_OWN = enum.auto()
    EDIT_ALL = enum.auto()
    MANAGE_CONNECTIONS = enum.auto()
    MANAGE_PEOPLE = enum.auto()  # those with a role below one's own
    SEE_AUDIT = enum.auto()  # and export it
    MANAGE_TEAM = enum.auto()  # its name, its roles, its end


_VIEWER = frozenset({Action.SEE})
_MEMBER = _VIEWER | {Action.MAKE, Action.SPEND, Action.EDIT_OWN}
_ADMIN = _MEMBER | {Action.EDIT_ALL, Action.MANAGE_CONNECTIONS, Action.MANAGE_PEOPLE, Action.SEE_AUDIT}
PERMISSIONS: Mapping[Role, frozenset[Action]] = {
    Role.VIEWER: _VIEWER,
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _ADMIN | {Action.MANAGE_TEAM},
}
# The most that a program may do with an API token of each scope, whatever its person's role permits. None of them
# manages people, connections or the team.
SCOPE_PERMISSIONS: Mapping[Scope, frozenset[Action]] = {
    Scope.READ: frozenset({Action.SEE}),
    Scope.WRITE: frozenset({Action.MAKE, Action.SPEND, Action.EDIT_OWN, Action.EDIT_ALL}),
}


@dataclass(frozen=True)
class Actor:
    """A person in a team, with the role that decides what they may do there.

    `address` and `via` tell the audit log from where and how they act; they decide nothing. `scopes` are those of the
    API token by which a program acts as this person; None for the person themselves.
    """

    user: User
    team: Team
    role: Role
    address: str = field(default="", compare=False)
    via: Via = field(default=Via.SESSION, compare=False)
    # All memberships of the person, for the switch between teams.
    memberships: tuple[Membership, ...] = field(default=(), compare=False, repr=False)
    scopes: frozenset[Scope] | None = None

    @property
    def performer(self) -> Performer:
        """The actor as the audit log names them."""
        return Performer(user=self.user, team=self.team, address=self.address, via=self.via)

    def can(self, action: Action) -> bool:
        """Return whether the role allows the action and, for a program, a scope of its token does."""
        if action not in PERMISSIONS[self.role]:
            return False
        return self.scopes is None or any(action in SCOPE_PERMISSIONS[scope] for scope in self.scopes)

    @property
    def can_make(self) -> bool:
        return self.can(Action.MAKE)

    @property
    def can_manage_people(self) -> bool:
        return self.can(Action.MANAGE_PEOPLE)

    @property
    def can_see_audit(self) -> bool:
        return self.can(Action.SEE_AUDIT)

    @property
    def can_manage_team(self) -> bool:
        return self.can(Action.MANAGE_TEAM)

    @property
    def can_create_people(self) -> bool:
        """True if the actor may make accounts for others: who manages the people and administers the installation."""
        return self.can_manage_people and self.user.is_administrator

    def can_manage_member(self, membership: Membership) -> bool:
        """Return whether the actor may change the role of another member or remove them."""
        is_colleague = membership.team_id == self.team.pk and membership.user_id != self.user.pk
        return is_colleague and self.can_grant(Role(membership.role))

    def can_change_role(self, membership: Membership) -> bool:
        """Return whether the actor may change a member's role: of those they manage, and as an owner their own."""
        is_own = membership.team_id == self.team.pk and membership.user_id == self.user.pk
        return self.can_manage_member(membership) or (is_own and self.can_manage_team)

    def can_revoke(self, invitation: Invitation) -> bool:
        """Return whether the actor may revoke an invitation: whoever could have made it."""
        return invitation.team_id == self.team.pk and self.can_grant(Role(invitation.role))

    @property
    def can_manage_webhooks(self) -> bool:
        return self.can(Action.MANAGE_CONNECTIONS)

    def can_see(self, row: TeamOwned) -> bool:
        """Return whether the actor may see a row."""
        return row.team_id == self.team.pk and row.private_to_id in (None, self.user.pk)

    def has_made(self, row: TeamOwned) -> bool:
        """Return whether the actor made a row, as far as they may see it."""
        return self.can_see(row) and row.created_by_id == self.user.pk

    def is_responsible_for(self, row: TeamOwned) -> bool:
        """Return whether a row is the actor's own: they keep it or, where rows have no keeper, made it."""
        responsible = row.keeper_id if isinstance(row, TeamKept) else row.created_by_id
        return self.can_see(row) and responsible == self.user.pk

    def can_edit(self, row: TeamOwned) -> bool:
        """Return whether the actor may change a row: their own, or as an admin any that they see."""
        if not self.can_see(row):
            return False
        return self.can(Action.EDIT_ALL) or (self.can(Action.EDIT_OWN) and self.is_responsible_for(row))

    def can_replace_secret(self, row: TeamKept) -> bool:
        """Return whether the actor may replace a row's secret: its keeper, or an editor if it has none.

        The row becomes private again when its keeper says so, and would take somebody else's secret along.
        """
        return self.can_edit(row) and row.keeper_id in (None, self.user.pk)

    def can_withdraw(self, row: TeamOwned) -> bool:
        """Return whether the actor may take a row back: whoever it belongs to, even as a viewer, or may edit it.

        A program only if it may edit the row.
        """
        return self.can_edit(row) or (self.scopes is None and self.is_responsible_for(row))

    def can_privatise(self, row: TeamKept) -> bool:
        """Return whether the actor may make a row private or share it: only a keeper who made it.

        A row that was handed over holds the old keeper's secret or the new one's: nobody takes it from the team.
        """
        return self.is_responsible_for(row) and self.has_made(row)

    def can_spend_on(self, row: TeamKept) -> bool:
        """Return whether the actor may spend on a row: its keeper, a role that is allowed to, or a person named.

        Nobody spends as a viewer. It takes one query if only people named may, and `spenders` weren't fetched before.
        """
        if not (self.can(Action.SPEND) and self.can_see(row)):
            return False
        if row.is_private or row.keeper_id == self.user.pk:
            return True
        if row.spend_role:
            return self.role.rank >= Role(row.spend_role).rank
        return any(person.pk == self.user.pk for person in row.spenders.all())

    def can_set_spenders(self, row: TeamKept) -> bool:
        """Return whether the actor may say who spends on a row of the team: its keeper and admins."""
        return not row.is_private and self.can_edit(row)

    def can_hand_over(self, row: TeamKept) -> bool:
        """Return whether the actor may give a row of the team another keeper: its keeper and admins."""
        if row.is_private or not self.can_see(row):
            return False
        return self.can(Action.MANAGE_CONNECTIONS) or self.is_responsible_for(row)

    def can_keep(self, row: TeamKept) -> bool:
        """Return whether the actor may become the keeper of a row of their team."""
        return row.team_id == self.team.pk and self.can(Action.MAKE)

    def can_share(self, row: TeamOwned) -> bool:
        """Return whether the actor may show a row to people outside: an editor who sees it.

        So a private row is shown by its own person only.
        """
        return self.can_edit(row)

    def can_grant(self, role: Role) -> bool:
        """Return whether the actor may give somebody this role: one below their own, or any as an owner."""
        if self.can(Action.MANAGE_TEAM):
            return True
        return self.can(Action.MANAGE_PEOPLE) and role.rank < self.role.rank

    def own(self, *, private: bool = False) -> Ownership:
        """Return the ownership of a row that the actor makes: the team's, or private to the actor."""
        return Ownership(self.team.pk, self.user.pk, self.user.pk if private else None)


def get_person(request: HttpRequest) -> User:
    """Return who is signed in, for pages about nobody but themselves. Raise PermissionDenied for anybody else."""
    if not isinstance(request.user, User) or not request.user.is_active:
        raise PermissionDenied
    return request.user


@dataclass(frozen=True)
class ShareVisit:
    """Somebody without an account who has the address of a share link. They see its rows and may do nothing.

    `private_to_id` is the person whose private rows the link shows, if it does.
    """

    team_id: int
    private_to_id: int | None

    def can_see(self, row: TeamOwned) -> bool:
        """Return whether the link may show a row: one that is still its team's, or private to its own person."""
        return row.team_id == self.team_id and row.private_to_id in (None, self.private_to_id)


def find_share_visit(link: TeamOwned) -> ShareVisit | None:
    """Return the visit to a share link; None while its team is being deleted, or once its own person has left.

    A link to the team's rows lives on when the person who made it leaves: it is the team's.
    """
    if link.team.is_closed:
        return None
    person = link.private_to
    if person is not None and get_actor(person, link.team) is None:
        return None
    return ShareVisit(link.team_id, link.private_to_id)


def get_actor(user: Person, team: Team) -> Actor | None:
    """Return the user as an actor in the team, None if they aren't in it or aren't active, or if it is closed."""
    return _find_actor(user, lambda membership: membership.team_id == team.pk and not membership.team.is_closed)


def get_actor_or_404(user: Person, slug: str) -> Actor:
    """Return the user as an actor in the team of this slug. Raise Http404 for strangers and for missing teams alike.

    A closed team is missing, too.
    """
    actor = _find_actor(user, lambda membership: membership.team.slug == slug and not membership.team.is_closed)
    if actor is None:
        raise Http404(_("This team does not exist."))
    return actor


def get_owner_of_closed_or_404(user: Person, slug: str) -> Actor:
    """Return the user as an owner of the closed team of this slug. Raise Http404 for everybody else."""
    actor = _find_actor(user, lambda membership: membership.team.slug == slug and membership.team.is_closed)
    if actor is None or not actor.can_manage_team:
        raise Http404(_("This team does not exist."))
    return actor


def find_home_actor(user: Person, *, team_id: object = None) -> Actor | None:
    """Return the user as an actor in the team `team_id`, or else in the one they joined first; None without a team."""
    memberships = list_memberships(user)
    open_ones = [membership for membership in memberships if not membership.team.is_closed]
    chosen = next((row for row in open_ones if row.team_id == team_id), None) or next(iter(open_ones), None)
    return None if chosen is None else _build_actor(chosen, memberships)


def list_memberships(user: Person) -> tuple[Membership, ...]:
    """Return the user's memberships with their teams, the oldest first; closed teams only for their owners."""
    if not isinstance(user, User) or not user.is_active:
        return ()
    rows = Membership.objects.select_related("team").filter(user=user)
    for row in rows:
        row.user = user
    return tuple(row for row in rows if not row.team.is_closed or row.role == Role.OWNER)


def _find_actor(user: Person, is_wanted: Callable[[Membership], bool]) -> Actor | None:
    memberships = list_memberships(user)
    membership = next(filter(is_wanted, memberships), None)
    return None if membership is None else _build_actor(membership, memberships)


def _build_actor(membership: Membership, memberships: tuple[Membership, ...]) -> Actor:
    return Actor(membership.user, membership.team, Role(membership.role), memberships=memberships)


def filter_visible(queryset: QuerySet[Row], actor: Actor) -> QuerySet[Row]:
    """Return the rows of the actor's team that the actor may see."""
    return queryset.filter(Q(private_to=None) | Q(private_to=actor.user), team=actor.team)


def filter_spendable(queryset: QuerySet[KeptRow], actor: Actor) -> QuerySet[KeptRow]:
    """Return the rows of the actor's team that the actor may spend on (`Actor.can_spend_on`)."""
    return filter_visible(queryset, actor).filter(_build_spending_condition(actor, queryset.model))


def add_may_spend(queryset: QuerySet[KeptRow], actor: Actor) -> QuerySet[KeptRow]:
    """Return the rows that the actor may see. `may_spend` tells of each whether they may spend on it."""
    may_spend = Case(When(_build_spending_condition(actor, queryset.model), then=Value(True)), default=Value(False))
    return cast("QuerySet[KeptRow]", filter_visible(queryset, actor).annotate(may_spend=may_spend))


def _build_spending_condition(actor: Actor, model: type[TeamKept]) -> Q:
    """Return the condition for `can_spend_on`, for rows that the actor may see."""
    if not actor.can(Action.SPEND):
        return Q(pk__in=[])
    allowed = [role for role in Role if role.rank <= actor.role.rank]
    named = Exists(model._default_manager.filter(pk=OuterRef("pk"), spend_role="", spenders=actor.user))
    return Q(private_to=actor.user) | Q(keeper=actor.user) | Q(spend_role__in=allowed) | Q(named)


def filter_usable(queryset: QuerySet[Row], ownership: Ownership) -> QuerySet[Row]:
    """Return the rows that a row of this ownership may use: those of its team that the person who made it may see.

    Who may spend is decided when a job is submitted or retried, not here: a role that is lowered or a rule that changes
    afterwards doesn't stop a job that was allowed to begin.
    """
    return queryset.filter(Q(private_to=None) | Q(private_to=ownership.created_by_id), team=ownership.team_id)


def filter_editable(queryset: QuerySet[Row], actor: Actor) -> QuerySet[Row]:
    """Return the rows of the actor's team that the actor may change."""
    rows = filter_visible(queryset, actor)
    if actor.can(Action.EDIT_ALL):
        return rows
    return rows.filter(created_by=actor.user) if actor.can(Action.EDIT_OWN) else rows.none()


def get_visible_or_404(request: HttpRequest, queryset: QuerySet[Row], **lookup: Any) -> tuple[Row, Actor]:
    """Return the row matching `lookup`, with the request's user as an actor in the row's team.

    Raise the same Http404 for missing rows, for rows of other teams and for rows private to somebody else.
    """
    user = request.user
    if not isinstance(user, User) or not user.is_active:
        raise Http404
    mine = queryset.filter(Q(private_to=None) | Q(private_to=user), team__memberships__user=user, team__deleted_at=None)
    row = get_object_or_404(mine.select_related("team"), **lookup)
    actor = get_actor(user, row.team)
    if actor is None:
        raise Http404
    return row, set_current_actor(request, actor)


def team_page(view: View) -> View:
    """Resolve the team's slug from the address and pass the view an actor. Strangers to the team get 404.

    `/` leads to this team from now on. Owners of a closed team are sent to the page where they can keep it.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, team: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = _find_actor(request.user, lambda membership: membership.team.slug == team)
        if found is not None and found.team.is_closed:
            return redirect("team-closed", team=team)
        if found is None:
            raise Http404(_("This team does not exist."))
        actor = set_current_actor(request, found)
        remember_team(request, actor)
        return view(request, actor, *args, **kwargs)

    return wrapper


def closed_team_page(view: View) -> View:
    """Pass the view an owner of the closed team in the address. Everybody else gets 404."""

    @wraps(view)
    def wrapper(request: HttpRequest, team: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
        actor = get_owner_of_closed_or_404(request.user, team)
        return view(request, replace(actor, address=get_client_address(request)), *args, **kwargs)

    return wrapper


def remember_team(request: HttpRequest, actor: Actor) -> None:
    """Let `/` lead to the actor's team in this session. What a page fetches by itself doesn't count.

    Somebody in one team only needs no note, unless they have one of another team.
    """
    session = getattr(request, "session", None)
    if session is None or getattr(request, "htmx", False):
        return
    if session.get(TEAM_KEY) != actor.team.pk and (len(actor.memberships) > 1 or TEAM_KEY in session):
        session[TEAM_KEY] = actor.team.pk


def find_session_actor(request: HttpRequest) -> Actor | None:
    """Return the request's user as an actor in the team that they were last in; None for a person without a team."""
    session = getattr(request, "session", None) or {}
    return find_home_actor(request.user, team_id=session.get(TEAM_KEY))


def set_current_actor(request: HttpRequest, actor: Actor) -> Actor:
    """Remember the actor for the templates of this request, and return them with the address they act from."""
    actor = replace(actor, address=get_client_address(request))
    request.actor = actor  # type: ignore[attr-defined]
    return actor


def require(actor: Actor, action: Action) -> None:
    """Raise PermissionDenied unless the actor may do this."""
    if not actor.can(action):
        raise PermissionDenied


def require_editable(actor: Actor, row: TeamOwned) -> None:
    """Raise PermissionDenied unless the actor may change this row."""
    if not actor.can_edit(row):
        raise PermissionDenied


def require_secret_replaceable(actor: Actor, row: TeamKept) -> None:
    """Raise PermissionDenied unless the actor may replace this row's secret."""
    if not actor.can_replace_secret(row):
        raise PermissionDenied


def require_withdrawable(actor: Actor, row: TeamOwned) -> None:
    """Raise PermissionDenied unless the actor may take this row back."""
    if not actor.can_withdraw(row):
        raise PermissionDenied


def require_shareable(actor: Actor, rows: Iterable[TeamOwned]) -> None:
    """Raise PermissionDenied unless the actor may show these rows to people outside."""
    if not all(actor.can_share(row) for row in rows):
        raise PermissionDenied


def require_own(actor: Actor, row: TeamOwned) -> None:
    """Raise PermissionDenied unless the actor made this row and may change it. Nobody shares for somebody else."""
    require_editable(actor, row)
    if not actor.has_made(row):
        raise PermissionDenied


def list_successors(team: Team, user: User) -> QuerySet[User]:
    """Return the people of the team who can take over what the user leaves: those who may run jobs there."""
    roles = [role for role in Role if Action.MAKE in PERMISSIONS[role]]
    members = team.memberships.filter(role__in=roles, user__is_active=True).exclude(user=user)
    return User.objects.filter(pk__in=members.values("user")).order_by("username")


def require_create_people(actor: Actor) -> None:
    """Raise PermissionDenied unless the actor may make accounts for others."""
    if not actor.can_create_people:
        raise PermissionDenied


def require_change_role(actor: Actor, membership: Membership) -> None:
    """Raise PermissionDenied unless the actor may change the role of this member."""
    if not actor.can_change_role(membership):
        raise PermissionDenied


def require_manage_member(actor: Actor, membership: Membership) -> None:
    """Raise PermissionDenied unless the actor may remove this member."""
    if not actor.can_manage_member(membership):
        raise PermissionDenied


def require_grant(actor: Actor, role: Role) -> None:
    """Raise PermissionDenied unless the actor may give somebody this role."""
    if not actor.can_grant(role):
        raise PermissionDenied


def require_revocable(actor: Actor, invitation: Invitation) -> None:
    """Raise PermissionDenied unless the actor may revoke this invitation."""
    if not actor.can_revoke(invitation):
        raise PermissionDenied


def can_create_teams(user: Person) -> bool:
    """Return whether the person may open a team (TEAM_CREATION)."""
    if not isinstance(user, User) or not user.is_active:
        return False
    return user.is_administrator or settings.TEAM_CREATION == "everyone"


def require_create_teams(user: Person) -> None:
    """Raise PermissionDenied unless the person may open a team."""
    if not can_create_teams(user):
        raise PermissionDenied


def administrator_required(view: View) -> View:
    """Restrict a view to administrators of the installation; everybody else gets 403."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (isinstance(request.user, User) and request.user.is_active and request.user.is_administrator):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wrapper
