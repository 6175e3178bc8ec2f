"""Filters for people on pages."""

from django import template

from vanceweb.teams.models import User
from vanceweb.teams.person_filter import build_person_key

register = template.Library()


@register.filter
def person_key(person: User) -> str:
    """Return the value of `?person=` that shows this person's rows."""
    return build_person_key(person)
