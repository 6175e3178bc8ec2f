"""The common behaviour of all endpoints: methods, token, envelope, and errors as JSON with HTTP 200."""

import functools
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from vanceweb.engine.accounts import find_account, record_use
from vanceweb.engine.api.admission import TooManyCalls, count_address, count_token
from vanceweb.engine.api.decoding import Fields, decode
from vanceweb.engine.errors import Code, EngineError, describe_missing_fields
from vanceweb.engine.models import Account
from vanceweb.engine.payloads import build_error, build_success
from vanceweb.lib.client_address import get_client_address
from vanceweb.lib.storage_faults import find_fault

logger = logging.getLogger(__name__)

POST = ("POST",)
GET = ("GET",)
GET_OR_POST = ("GET", "POST")


@dataclass(frozen=True)
class Call:
    """A decoded request with the account of its token."""

    account: Account
    fields: Fields


Handler = Callable[[Call], dict[str, Any] | HttpResponseBase]
View = Callable[[HttpRequest], HttpResponseBase]


def endpoint(methods: Collection[str]) -> Callable[[Handler], View]:
    """Return a decorator that converts a handler to a view. The handler returns the data, or a complete response.

    An EngineError becomes its code and message; any other exception is logged and becomes 10010. Views are exempt from
    CSRF checks: the token is the credential, and there is no session to exploit.
    """

    def decorate(handler: Handler) -> View:
        @functools.wraps(handler)
        def view(request: HttpRequest) -> HttpResponseBase:
            try:
                result = handler(_read_call(request, methods))
            except EngineError as error:
                return respond(build_error(error.code, error.message))
            except TooManyCalls as refusal:
                return refusal.build_response()
            except Exception as error:
                logger.exception("%s failed", request.path)
                fault = find_fault(error)
                return respond(build_error(Code.INTERNAL, str(fault.sentence) if fault else "Internal error."))
            if isinstance(result, HttpResponseBase):
                return result
            return respond(build_success(result, ip=get_client_address(request)))

        return login_not_required(csrf_exempt(view))

    return decorate


@csrf_exempt
@login_not_required
def unknown_endpoint(request: HttpRequest, path: str = "") -> HttpResponse:
    """Respond to all other paths below the API's URL."""
    return respond(build_error(Code.ILLEGAL_PARAMETER, f"There is no “{path}” in this API."))


def _read_call(request: HttpRequest, methods: Collection[str]) -> Call:
    if request.method not in methods:
        raise EngineError(
            Code.ILLEGAL_PARAMETER, f"The {request.method} method is not supported here; use {' or '.join(methods)}."
        )
    fields = decode(request)
    count_address(request)
    token = fields.get("api_token")
    if not token:
        raise EngineError(Code.INVALID_TOKEN, describe_missing_fields("api_token"))
    account = find_account(token)
    if account is None:
        raise EngineError(Code.INVALID_TOKEN, "Invalid API token.")
    count_token(request, token)
    record_use(account)
    return Call(account, fields)


def respond(body: dict[str, Any]) -> HttpResponse:
    """Return the envelope as a response, with the HTTP status 200 that the API has for errors too."""
    # The URL may contain a token, so no cache may store the response.
    return JsonResponse(body, headers={"Cache-Control": "no-store"})
