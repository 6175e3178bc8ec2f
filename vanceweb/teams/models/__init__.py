"""The models of this room."""

from vanceweb.teams.models.api_tokens import TOKEN_NAME_LENGTH, TOKEN_PREFIX_LENGTH, ApiToken, Scope
from vanceweb.teams.models.audit import AuditAction, AuditEvent, Via
from vanceweb.teams.models.invitations import Invitation
from vanceweb.teams.models.ownership import Ownership, TeamOwned
from vanceweb.teams.models.people import TEAM_NAME_LENGTH, TEAM_SLUG_LENGTH, Membership, Role, Team, User

__all__ = [
    "TEAM_NAME_LENGTH",
    "TEAM_SLUG_LENGTH",
    "TOKEN_NAME_LENGTH",
    "TOKEN_PREFIX_LENGTH",
    "ApiToken",
    "AuditAction",
    "AuditEvent",
    "Invitation",
    "Membership",
    "Ownership",
    "Role",
    "Scope",
    "Team",
    "TeamOwned",
    "User",
    "Via",
]
