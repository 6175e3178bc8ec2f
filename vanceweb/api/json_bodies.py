"""Reading the JSON of a request: nothing that it contains is an error of ours."""

import json
from typing import Any, NoReturn, TypeVar

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Schema
from pydantic import ValidationError

from vanceweb.api.problems import Problem, build_field_problem

S = TypeVar("S", bound=Schema)
JSON_TYPE = "application/json"


def read_json(request: HttpRequest, schema: type[S]) -> S:
    """Return the request's body as the schema. Raise Problem with status 400, 413, 415 or 422."""
    if request.content_type != JSON_TYPE:
        raise Problem(415, _("Send the body as application/json."))
    try:
        document = json.loads(request.body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise Problem(400, _("The body isn't JSON in UTF-8.")) from None
    return validate(document, schema)


def validate(document: Any, schema: type[S]) -> S:
    """Return the document as the schema. Raise Problem with status 422, which names each field that isn't valid."""
    try:
        return schema.model_validate(document)
    except ValidationError as error:
        entries = error.errors(include_url=False, include_context=False, include_input=False)
        raise build_field_problem(
            [(".".join(str(part) for part in entry["loc"]), entry["msg"]) for entry in entries]
        ) from None


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
