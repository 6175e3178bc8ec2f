"""The roles in a team and the scopes of API tokens, and what each permits."""

import enum
from collections.abc import Mapping

from vanceweb.teams.models import Role, Scope


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
    CORRECT_CHARGES = enum.auto()  # say which job a charge of the team is for
    MANAGE_BUDGETS = enum.auto()  # of everybody, and the price of credits
    OVERRIDE_BUDGETS = enum.auto()  # for one job
    SEE_ALL_USAGE = enum.auto()  # what each person spends, and every single charge
    MANAGE_TEAM = enum.auto()  # its name, its roles, its end


_VIEWER = frozenset({Action.SEE})
_MEMBER = _VIEWER | {Action.MAKE, Action.SPEND, Action.EDIT_OWN}
_ADMIN = _MEMBER | {
    Action.EDIT_ALL,
    Action.MANAGE_CONNECTIONS,
    Action.MANAGE_PEOPLE,
    Action.SEE_AUDIT,
    Action.CORRECT_CHARGES,
    Action.MANAGE_BUDGETS,
    Action.SEE_ALL_USAGE,
}
PERMISSIONS: Mapping[Role, frozenset[Action]] = {
    Role.VIEWER: _VIEWER,
    Role.MEMBER: _MEMBER,
    Role.ADMIN: _ADMIN,
    Role.OWNER: _ADMIN | {Action.MANAGE_TEAM, Action.OVERRIDE_BUDGETS},
}
# The most that a program may do with an API token of each scope, whatever its person's role permits. None of them
# manages people, connections or the team.
SCOPE_PERMISSIONS: Mapping[Scope, frozenset[Action]] = {
    Scope.READ: frozenset({Action.SEE, Action.SEE_ALL_USAGE}),
    Scope.WRITE: frozenset({Action.MAKE, Action.SPEND, Action.EDIT_OWN, Action.EDIT_ALL}),
}
