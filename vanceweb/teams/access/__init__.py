"""All permission checks of the site. Views ask only this package and never compare people or roles themselves.

Every check is made for an actor: a person in a team. A row of a team that the person isn't in, and a row that is
private to somebody else, answer 404, for owners and administrators too. A member without the right gets 403.
"""

from vanceweb.teams.access.actor_lookup import (
    Person,
    find_home_actor,
    get_actor,
    get_actor_or_404,
    get_owner_of_closed_or_404,
    list_memberships,
)
from vanceweb.teams.access.actors import Actor
from vanceweb.teams.access.current_actor import find_session_actor, get_person, remember_team, set_current_actor
from vanceweb.teams.access.pages import administrator_required, closed_team_page, team_page
from vanceweb.teams.access.people import can_create_teams, list_allowed_people, list_successors, require_create_teams
from vanceweb.teams.access.requirements import (
    require,
    require_answerable,
    require_change_role,
    require_correctable,
    require_create_people,
    require_editable,
    require_grant,
    require_manage_member,
    require_own,
    require_revocable,
    require_secret_replaceable,
    require_shareable,
    require_usage_of,
    require_withdrawable,
)
from vanceweb.teams.access.roles import PERMISSIONS, SCOPE_PERMISSIONS, Action
from vanceweb.teams.access.rows import Row, filter_editable, filter_usable, filter_visible, get_visible_or_404
from vanceweb.teams.access.share_visits import ShareVisit, find_share_visit
from vanceweb.teams.access.spending import add_may_spend, filter_spendable
from vanceweb.teams.access.usage import filter_answerable, filter_concerning, filter_own_usage, filter_usage

__all__ = [
    "PERMISSIONS",
    "SCOPE_PERMISSIONS",
    "Action",
    "Actor",
    "Person",
    "Row",
    "ShareVisit",
    "add_may_spend",
    "administrator_required",
    "can_create_teams",
    "closed_team_page",
    "filter_answerable",
    "filter_concerning",
    "filter_editable",
    "filter_own_usage",
    "filter_spendable",
    "filter_usable",
    "filter_usage",
    "filter_visible",
    "find_home_actor",
    "find_session_actor",
    "find_share_visit",
    "get_actor",
    "get_actor_or_404",
    "get_owner_of_closed_or_404",
    "get_person",
    "get_visible_or_404",
    "list_allowed_people",
    "list_memberships",
    "list_successors",
    "remember_team",
    "require",
    "require_answerable",
    "require_change_role",
    "require_correctable",
    "require_create_people",
    "require_create_teams",
    "require_editable",
    "require_grant",
    "require_manage_member",
    "require_own",
    "require_revocable",
    "require_secret_replaceable",
    "require_shareable",
    "require_usage_of",
    "require_withdrawable",
    "set_current_actor",
    "team_page",
]
