"""The filters of figures and of the history, as an address tells them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vanceweb.teams.access import Actor, require_usage_of
from vanceweb.teams.models import User
from vanceweb.teams.person_filter import build_person_key, read_person_filter
from vanceweb.usage.models import FEATURE_LENGTH, Dimension, UsageRecord

__all__ = ["Dimension", "Filters", "UsageScope", "read_dimension", "read_filters"]
# A team has fewer connections; a longer list is no address of ours.
MAX_CONNECTIONS = 50


class UsageScope(TextChoices):
    """Whose connections are counted. They are never added up: what is private isn't the team's spending."""

    TEAM = "team", gettext_lazy("The team’s connections")
    PRIVATE = "private", gettext_lazy("Your private connections")


@dataclass(frozen=True)
class Filters:
    """Only charges that have all of this in common. Empty values filter nothing.

    `feature` is a slug, or the service's name for a feature that the catalogue doesn't have. `connections` are public
    ids. Read filters with `read_filters`, which checks that the actor may see the person's charges.
    """

    scope: UsageScope = UsageScope.TEAM
    feature: str = ""
    person: User | None = None
    connections: tuple[UUID, ...] = ()

    @property
    def is_private(self) -> bool:
        return self.scope == UsageScope.PRIVATE

    @property
    def narrows(self) -> bool:
        """True if less is counted than everything in the scope."""
        return bool(self.feature or self.person or self.connections)

    def to_query(self) -> dict[str, str]:
        """Return the parameters of an address from which `read_filters` reads these filters."""
        query = {
            "scope": "" if self.scope == UsageScope.TEAM else self.scope.value,
            "feature": self.feature,
            "person": "" if self.person is None else build_person_key(self.person),
            "connection": ",".join(map(str, self.connections)),
        }
        return {name: text for name, text in query.items() if text}


def read_filters(query: Mapping[str, str], actor: Actor, rows: QuerySet[UsageRecord]) -> Filters:
    """Return the filters that `scope`, `feature`, `person` and `connection` (ids, separated by commas) ask for.

    `rows` are the charges that the actor may see (`find_records`), whose people may have left the team. Raise
    ValidationError with the field that is wrong, Http404 for somebody who isn't in the team, and PermissionDenied for a
    person whose charges the actor may not see.
    """
    scope = query.get("scope", "") or UsageScope.TEAM.value
    if scope not in UsageScope.values:
        raise ValidationError({"scope": _("Choose the team’s connections or your private ones.")})
    feature = query.get("feature", "")
    if len(feature) > FEATURE_LENGTH or "\0" in feature:
        raise ValidationError({"feature": _("There is no such tool.")})
    person = read_person_filter(query.get("person", ""), actor, rows).chosen
    if person is not None:
        require_usage_of(actor, person)
    return Filters(UsageScope(scope), feature, person, _read_connections(query.get("connection", "")))


def read_dimension(text: str) -> Dimension:
    """Return the dimension of this name; the feature for "". Raise ValidationError for `by`."""
    if not text:
        return Dimension.FEATURE
    if text not in Dimension.values:
        raise ValidationError({"by": _("Divide by tool, person or connection.")})
    return Dimension(text)


def _read_connections(text: str) -> tuple[UUID, ...]:
    parts = [part for part in text.split(",") if part]
    try:
        ids = tuple(dict.fromkeys(UUID(part) for part in parts))
    except ValueError:
        raise ValidationError({"connection": _("There is no such connection.")}) from None
    if len(ids) > MAX_CONNECTIONS:
        raise ValidationError({"connection": _("These are too many connections.")})
    return ids
