"""What every endpoint has in common: methods, token, envelope, and errors as JSON with HTTP 200."""

import functools
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from vanceweb.engine.accounts import find_account
from vanceweb.engine.api.decoding import Fields, decode
from vanceweb.engine.errors import Code, EngineError, describe_missing_fields
from vanceweb.engine.models import Account
from vanceweb.engine.payloads import build_error, build_success

logger = logging.getLogger(__name__)

POST = ("POST",)
GET = ("GET",)
GET_OR_POST = ("GET", "POST")


@dataclass(frozen=True)
class Call:
    """A request that was read, with the account its token belongs to."""

    account: Account
    fields: Fields


Handler = Callable[[Call], dict[str, Any] | HttpResponseBase]
View = Callable[[HttpRequest], HttpResponseBase]


def endpoint(methods: Collection[str]) -> Callable[[Handler], View]:
    """Makes a view of a function that takes a Call and gives the answer's data, or a response of its own.

    An EngineError becomes its code and message; any other exception is logged and becomes 10010. Scripts call this
    and no browser does: the token is the credential, there is no session and so nothing that CSRF could use.
    """

    def decorate(body: Handler) -> View:
        @functools.wraps(body)
        def view(request: HttpRequest) -> HttpResponseBase:
            try:
                answer = body(_read(request, methods))
            except EngineError as error:
                return _respond(build_error(error.code, error.message))
            except Exception:
                logger.exception("%s failed", request.path)
                return _respond(build_error(Code.INTERNAL, "Internal error."))
            if isinstance(answer, HttpResponseBase):
                return answer
            return _respond(build_success(answer, ip=request.META.get("REMOTE_ADDR", "")))

        return login_not_required(csrf_exempt(view))

    return decorate


@csrf_exempt
@login_not_required
def unknown_endpoint(request: HttpRequest, path: str = "") -> HttpResponse:
    """Any other path below the API's."""
    return _respond(build_error(Code.ILLEGAL_PARAMETER, f"There is no “{path}” in this API."))


def _read(request: HttpRequest, methods: Collection[str]) -> Call:
    if request.method not in methods:
        raise EngineError(
            Code.ILLEGAL_PARAMETER, f"The {request.method} method is not supported here; use {' or '.join(methods)}."
        )
    fields = decode(request)
    token = fields.get("api_token")
    if not token:
        raise EngineError(Code.INVALID_TOKEN, describe_missing_fields("api_token"))
    account = find_account(token)
    if account is None:
        raise EngineError(Code.INVALID_TOKEN, "Invalid API token.")
    return Call(account, fields)


def _respond(body: dict[str, Any]) -> HttpResponse:
    # A token may stand in the address: nothing between here and the client shall keep the answer.
    return JsonResponse(body, headers={"Cache-Control": "no-store"})
