"""The locks of whoever writes charges, in the order of everybody: the team, its connection, then the rest."""

from vanceweb.teams.models import Team
from vanceweb.vault.models import Connection


def lock_team(team_id: int) -> Team | None:
    """Lock the team for this transaction against others who write its charges. Rows that name it can still be made."""
    return Team.objects.select_for_update(no_key=True).filter(pk=team_id).first()


def lock_connection(connection_id: int | None) -> Connection | None:
    """Lock the connection and its team for this transaction, and return the connection with its team.

    None if it is gone. One of those who write its charges works at a time.
    """
    if connection_id is None:
        return None
    owned = Connection.objects.filter(pk=connection_id)
    Team.objects.select_for_update(no_key=True).filter(pk__in=owned.values("team")).first()
    connections = Connection.objects.without_token().select_related("team")
    return connections.select_for_update(of=("self",)).filter(pk=connection_id).first()
