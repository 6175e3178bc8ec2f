"""The things that spend credits, as charts and tables name them, and who may be named to whom."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from vanceweb.teams.access import Actor
from vanceweb.teams.models import User
from vanceweb.teams.person_filter import build_person_key
from vanceweb.usage.charged_features import get_feature_title
from vanceweb.usage.figures.filters import Dimension
from vanceweb.vault.models import Connection


class EntryKind(Enum):
    """The kinds of things that an entry stands for."""

    ONE = "one"  # a feature, a person or a connection
    DELETED = "deleted"  # people who were deleted
    COLLEAGUES = "colleagues"  # everybody but the one who looks, who may not see who they are
    REST = "rest"  # the entries that have no series of their own
    FOREIGN = "foreign"  # charges that nobody here caused


@dataclass(frozen=True)
class Entry:
    """One series of a chart or row of a table.

    `key` is a feature's slug, what `?person=` takes, or a connection's public id; empty for an entry that no filter can
    name.
    """

    kind: EntryKind
    key: str
    name: str

    @property
    def is_foreign(self) -> bool:
        return self.kind == EntryKind.FOREIGN


def build_foreign() -> Entry:
    """Return the entry of charges that nobody here caused."""
    return Entry(EntryKind.FOREIGN, "", _("Not from here"))


def build_rest() -> Entry:
    """Return the entry for those without a series of their own."""
    return Entry(EntryKind.REST, "", _("Other"))


@dataclass(frozen=True)
class EntryNames:
    """Turns the values of sums into entries for one actor. `people` and `connections` are by their keys."""

    actor: Actor
    people: Mapping[int, User]
    connections: Mapping[int, Connection]

    def find_entry(self, by: Dimension, values: Sequence[Any], *, is_foreign: bool) -> Entry:
        """Return the entry that a sum counts for. `values` are in the order of DIMENSION_FIELDS."""
        return build_foreign() if is_foreign else _FINDERS[by](self, *values)

    def _find_feature(self, slug: str) -> Entry:
        return Entry(EntryKind.ONE, slug, get_feature_title(slug))

    def _find_person(self, person_id: int | None) -> Entry:
        if not self.actor.can_see_usage_of(person_id):
            return Entry(EntryKind.COLLEAGUES, "", _("Others"))
        person = self.people.get(person_id or 0)
        if person is None:
            return Entry(EntryKind.DELETED, "", _("Deleted person"))
        return Entry(EntryKind.ONE, build_person_key(person), person.get_username())

    def _find_connection(self, connection_id: int | None, name: str) -> Entry:
        connection = self.connections.get(connection_id or 0)
        if connection is None:
            # Removed, or private to somebody now: only the name under which the team knew it is left.
            return Entry(EntryKind.ONE, "", name)
        return Entry(EntryKind.ONE, str(connection.uuid), connection.name)


_FINDERS: Mapping[Dimension, Callable[..., Entry]] = {
    Dimension.FEATURE: EntryNames._find_feature,
    Dimension.PERSON: EntryNames._find_person,
    Dimension.CONNECTION: EntryNames._find_connection,
}


def load_names(actor: Actor, person_ids: Iterable[int | None], connections: Iterable[Connection]) -> EntryNames:
    """Return the names of these people and connections, for who sees everybody's charges the team's, too. One query."""
    people = {actor.user.pk: actor.user}
    if actor.can_see_all_usage:
        ids = {person_id for person_id in person_ids if person_id is not None}
        # Members who spent nothing can be chosen, too.
        found = User.objects.only("username").filter(Q(pk__in=ids) | Q(pk__in=actor.team.memberships.values("user")))
        people |= {person.pk: person for person in found}
    return EntryNames(actor, people, {connection.pk: connection for connection in connections})
