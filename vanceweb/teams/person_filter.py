"""The filter of a team's lists by person: `?person=me`, or somebody's user name or id."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from vanceweb.teams.access import Actor, Row
from vanceweb.teams.models import User

MINE = "me"
# What a database takes as an id.
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class PersonFilter:
    """The person whose rows a list shows; None for everybody's. `people` are the choices, if the page knows them."""

    actor: Actor
    chosen: User | None = None
    people: Sequence[User] | None = None

    @property
    def is_mine(self) -> bool:
        """True if the person looks at their own rows only."""
        return self.chosen is not None and self.chosen.pk == self.actor.user.pk

    @cached_property
    def others(self) -> Sequence[User]:
        """The other people of the team, by name: the choices."""
        if self.people is not None:
            return [person for person in self.people if person.pk != self.actor.user.pk]
        return list(self.actor.team.members.exclude(pk=self.actor.user.pk).order_by("username"))

    @property
    def is_offered(self) -> bool:
        """False where the filter would change nothing: its person is alone in the team."""
        return self.chosen is not None or bool(self.others)

    def narrow(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        """Return the rows that the chosen person made."""
        return rows if self.chosen is None else rows.filter(created_by=self.chosen)


def read_person_filter(text: str, actor: Actor, rows: QuerySet[Row]) -> PersonFilter:
    """Return the filter that `text`, the value of `?person=`, asks for.

    `rows` are those that the actor may see, whose makers may have left the team since. Raise Http404 for anybody else,
    whether or not there is such a person.
    """
    if not text:
        return PersonFilter(actor)
    if text == MINE:
        return PersonFilter(actor, actor.user)
    person = _find_user(text)
    if person is None or not (
        actor.team.members.filter(pk=person.pk).exists() or rows.filter(created_by=person).exists()
    ):
        raise Http404(_("There is no such person in this team."))
    return PersonFilter(actor, person)


def build_person_key(person: User) -> str:
    """Return the value of `?person=` for somebody: the user name, unless that could be read as something else."""
    name: str = person.get_username()
    return str(person.pk) if name == MINE or name.isdecimal() else name


def _find_user(text: str) -> User | None:
    # A character that no database takes as a part of a text.
    if "\0" in text:
        return None
    named = User.objects.filter(username=text).first()
    if named is not None or not (text.isascii() and text.isdecimal()) or int(text) > LARGEST_ID:
        return named
    return User.objects.filter(pk=int(text)).first()
