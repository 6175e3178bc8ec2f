"""The limits of a rule, as settings write them: “100/15 minutes by address, 20/hour by account”.

Imports no models: the settings read them with it.
"""

import enum
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured
from limits import RateLimitItem, parse


class Scope(enum.Enum):
    """Whose requests a limit counts together."""

    ACCOUNT = "account"
    # One account's from one address: whoever guesses from elsewhere doesn't lock its person out.
    PAIR = "account and address"
    ADDRESS = "address"


# The most specific first. Whoever is stopped by their own limit doesn't use up that of their address, which a whole
# office may share.
SCOPES = (Scope.PAIR, Scope.ACCOUNT, Scope.ADDRESS)


@dataclass(frozen=True)
class Rate:
    """So many requests in a time, counted together for a scope."""

    scope: Scope
    item: RateLimitItem


def parse_rates(name: str, text: str) -> tuple[Rate, ...]:
    """Return the limits of the setting `name`, none for an empty text. Raise ImproperlyConfigured."""
    rates = [_parse_rate(name, part.strip()) for part in text.split(",") if part.strip()]
    return tuple(sorted(rates, key=lambda rate: SCOPES.index(rate.scope)))


def _parse_rate(name: str, text: str) -> Rate:
    amount, _by, scope = text.partition(" by ")
    try:
        return Rate(Scope(" ".join(scope.split())), parse(amount))
    except ValueError:
        known = ", ".join(f"“by {scope.value}”" for scope in Scope)
        raise ImproperlyConfigured(
            f"{name}: “{text}” is not a limit such as “100/15 minutes by address”. It ends in one of {known}."
        ) from None
