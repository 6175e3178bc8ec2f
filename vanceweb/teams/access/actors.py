"""Actors: people in a team, and what their role lets them do with its rows and its people."""

from dataclasses import dataclass, field

from vanceweb.teams.access.roles import PERMISSIONS, SCOPE_PERMISSIONS, Action
from vanceweb.teams.audit import Performer
from vanceweb.teams.models import Invitation, Membership, Ownership, Role, Scope, Team, TeamOwned, User, Via
from vanceweb.teams.models.keeping import TeamKept


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

    def can_answer_for(self, row: TeamKept) -> bool:
        """Return whether the actor is told of trouble with a row: its keeper and, for rows of the team, admins."""
        return self.can_see(row) and (self.can(Action.MANAGE_CONNECTIONS) or self.is_responsible_for(row))

    def can_correct_charge(self, row: TeamOwned) -> bool:
        """Return whether the actor may say which job a charge is for: admins, and whoever it is private to."""
        if not self.can_see(row):
            return False
        return self.can(Action.CORRECT_CHARGES) or (row.is_private and self.can(Action.EDIT_OWN))

    @property
    def can_manage_connections(self) -> bool:
        return self.can(Action.MANAGE_CONNECTIONS)

    @property
    def can_manage_budgets(self) -> bool:
        return self.can(Action.MANAGE_BUDGETS)

    @property
    def can_override_budgets(self) -> bool:
        return self.can(Action.OVERRIDE_BUDGETS)

    @property
    def can_see_all_usage(self) -> bool:
        """True if the actor may see what each person spends; everybody else sees the sums and their own charges."""
        return self.can(Action.SEE_ALL_USAGE)

    def can_see_usage_of(self, user_id: int | None) -> bool:
        """Return whether the actor may see what somebody spends: themselves, or as an admin anybody."""
        return self.can_see_all_usage or user_id == self.user.pk

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
