"""The roles and what each may do, in words, for the page that shows them. The table itself is in `access/roles.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from vanceweb.teams.access import PERMISSIONS, Action
from vanceweb.teams.models import Role

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SENTENCES: "Mapping[Action, StrOrPromise]" = {
    Action.SEE: _("See the team's pictures, jobs, connections and charges, and download results"),
    Action.MAKE: _("Upload pictures and add connections of their own"),
    Action.SPEND: _("Run jobs on the team's credits"),
    Action.EDIT_OWN: _("Change and delete what they made"),
    Action.EDIT_ALL: _("Change and delete what others made, unless it is private"),
    Action.MANAGE_CONNECTIONS: _("Rename and remove shared connections"),
    Action.MANAGE_PEOPLE: _("Invite and remove people, and change roles below their own"),
    Action.SEE_AUDIT: _("Read and export the audit log"),
    Action.CORRECT_CHARGES: _("Say which job a charge is for"),
    Action.SEE_ALL_USAGE: _("See what each person spends, and every single charge"),
    Action.MANAGE_BUDGETS: _("Set budgets and the price of a credit"),
    Action.OVERRIDE_BUDGETS: _("Let a job exceed a budget, once"),
    Action.MANAGE_TEAM: _("Rename and delete the team, and give any role"),
}


@dataclass(frozen=True)
class ActionRow:
    """An action in words, and for each role, the weakest first, whether it allows it."""

    sentence: "StrOrPromise"
    allowed: tuple[bool, ...]


def build_role_table() -> list[ActionRow]:
    """Return a row for each action."""
    return [ActionRow(SENTENCES[action], tuple(action in PERMISSIONS[role] for role in Role)) for action in SENTENCES]
