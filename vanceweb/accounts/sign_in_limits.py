"""The limits after which signing in is refused for a while.

Only failures count, so that nobody is locked out by signing in often. The counters of one person from one address are
the strict ones: whoever guesses from elsewhere doesn't lock the person out.
"""

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.internal import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

APP = "vanceweb"
# Enough tries for a forgetful person, too few for a list of passwords or for six digits.
PAIR = {"sign_in_pair": "10/15m/key"}
# Guesses at one account from many addresses.
ACCOUNT = {"sign_in_account": "100/1h/key"}
# Guesses at many accounts from one address, behind which a whole office may sit.
ADDRESS = {"sign_in_address": "100/15m/ip"}
# Mails to one address: nobody's mailbox is flooded, and whoever didn't get the first one asks again.
MAILS = {"mails": "3/15m/key,20/15m/ip"}
RETRY_SECONDS = 15 * 60


def count_attempt(request: HttpRequest, *, account: str) -> None:
    """Count an attempt before it is made. Raise ImmediateHttpResponse with a page (429) if it is one too many.

    Counted after it had failed, many attempts at the same moment would all pass. A success takes them back.
    """
    is_taken = _count(request, PAIR, _build_pair(request, account))
    if not is_taken or not all(_count(request, *counter, dry_run=True) for counter in _list_counters(account)):
        raise ImmediateHttpResponse(_render_refusal(request))


def record_failure(request: HttpRequest, *, account: str) -> None:
    """Count a wrong password or code for the account and for the address as a whole."""
    for counter in _list_counters(account):
        _count(request, *counter)


def forget_failures(request: HttpRequest, *, account: str) -> None:
    """Begin anew for this person at this address, once they have shown that it is them."""
    key = _build_pair(request, account)
    ratelimit.clear(request, app=APP, action=next(iter(PAIR)), config=PAIR, key=key)


def _list_counters(account: str) -> list[tuple[dict[str, str], str]]:
    return [(ACCOUNT, account.casefold()), (ADDRESS, "")]


def _build_pair(request: HttpRequest, account: str) -> str:
    return f"{account.casefold()} {ratelimit.get_ip(request)}"


def _count(request: HttpRequest, config: dict[str, str], key: str, *, dry_run: bool = False) -> bool:
    action = next(iter(config))
    used = ratelimit.consume(request, app=APP, action=action, config=config, key=key, dry_run=dry_run)
    return used is not None


def count_mail(request: HttpRequest, *, email: str) -> None:
    """Count a request for a mail. Raise ImmediateHttpResponse with a page (429) if there were too many."""
    if not ratelimit.consume(request, app=APP, action=next(iter(MAILS)), config=MAILS, key=email.casefold()):
        raise ImmediateHttpResponse(_render_refusal(request))


def _render_refusal(request: HttpRequest) -> HttpResponse:
    page = render(request, "accounts/too_many_attempts.html", {"minutes": RETRY_SECONDS // 60}, status=429)
    page["Retry-After"] = str(RETRY_SECONDS)
    return page
