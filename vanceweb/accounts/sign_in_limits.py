"""The limits after which signing in, or asking for mails, is refused for a while (`vanceweb.throttling`).

Only failures count, so that nobody is locked out by signing in often. The counters of one person from one address are
the strict ones: whoever guesses from elsewhere doesn't lock the person out.
"""

from django.http import HttpRequest

from vanceweb.lib.client_address import get_client_address
from vanceweb.throttling.rules import PASSWORD_RESET, SIGN_IN
from vanceweb.throttling.services import check_throttle, reset_throttle


def count_attempt(request: HttpRequest, *, account: str) -> None:
    """Count an attempt before it is made. Raise Throttled if it is one too many.

    Counted after it had failed, many attempts at the same moment would all pass. A success takes them back.
    """
    check_throttle(SIGN_IN, address=get_client_address(request), account=account.casefold())


def forget_failures(request: HttpRequest, *, account: str) -> None:
    """Begin anew for this person at this address, once they have shown that it is them."""
    reset_throttle(SIGN_IN, address=get_client_address(request), account=account.casefold())


def count_mail(request: HttpRequest, *, email: str) -> None:
    """Count a request for a mail. Raise Throttled if there were too many."""
    check_throttle(PASSWORD_RESET, address=get_client_address(request), account=email.casefold())
