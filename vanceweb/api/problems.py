"""Problem documents (RFC 9457): the form of every error of the API."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

CONTENT_TYPE = "application/problem+json"
# Sentences about a text that isn't the API's own name it by at most so many characters.
MESSAGE_LENGTH = 500


class Problem(Exception):
    """An error that is answered with a problem document.

    `detail` is a sentence for people. `errors` name fields: pairs of a path such as `steps.0.module`, and a sentence.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}
        super().__init__(detail)


def build_field_problem(errors: Sequence[tuple[str, str]]) -> Problem:
    """Return the problem of a request whose fields aren't valid."""
    return Problem(422, _("The request isn't valid. See errors."), errors=errors)


def build_response(
    request: HttpRequest,
    status: int,
    detail: str,
    *,
    errors: Sequence[tuple[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return the response with a problem document. It names the request, if it has an id."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        document["errors"] = [{"field": field, "message": message[:MESSAGE_LENGTH]} for field, message in errors]
    if request_id := getattr(request, "request_id", ""):
        document["request_id"] = str(request_id)
    return HttpResponse(json.dumps(document), status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def add_handlers(api: NinjaAPI) -> None:
    """Have the API answer its errors with problem documents. All others go on to Django, see `refusals.py`."""
    api.add_exception_handler(Problem, _answer_problem)
    api.add_exception_handler(ValidationError, _answer_invalid)
    api.add_exception_handler(AuthenticationError, _answer_unauthenticated)
    api.add_exception_handler(PermissionDenied, _answer_denied)
    api.add_exception_handler(Http404, _answer_missing)
    api.add_exception_handler(RequestDataTooBig, _answer_too_large)
    api.add_exception_handler(UnreadablePostError, _answer_unreadable)
    api.add_exception_handler(Exception, _forward_error)


def _answer_problem(request: HttpRequest, problem: Any) -> HttpResponse:
    return build_response(request, problem.status, problem.detail, errors=problem.errors, headers=problem.headers)


def _answer_invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """Answer parameters that aren't valid. Their place, query or path, isn't part of their name."""
    errors = [(".".join(map(str, entry["loc"][1:])), str(entry["msg"])) for entry in error.errors]
    return _answer_problem(request, build_field_problem(errors))


def _answer_unauthenticated(request: HttpRequest, error: Any) -> HttpResponse:
    return build_response(
        request,
        401,
        _("Send a valid API token as “Authorization: Bearer vw_…”."),
        headers={"WWW-Authenticate": 'Bearer realm="vanceweb"'},
    )


def _answer_denied(request: HttpRequest, error: Any) -> HttpResponse:
    return build_response(request, 403, _("The token's scopes or its person's role don't permit this."))


def _answer_missing(request: HttpRequest, error: Any) -> HttpResponse:
    return build_response(request, 404, _("There is nothing at this address."))


def _answer_too_large(request: HttpRequest, error: Any) -> HttpResponse:
    return build_response(request, 413, _("The request is too large."))


def _answer_unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    return build_response(request, 400, _("The request ended early."))


def _forward_error(request: HttpRequest, error: Any) -> HttpResponse:
    raise error
