"""The API below `/api/v1/`, and its description (OpenAPI)."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern
from django.views.decorators.http import require_safe
from ninja import NinjaAPI
from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema
from pydantic.json_schema import models_json_schema

from vanceweb.api import calls_account, calls_jobs, calls_pictures, calls_usage
from vanceweb.api.authentication import ApiTokenAuth
from vanceweb.api.problems import CONTENT_TYPE, add_handlers
from vanceweb.api.schemas import JobIn, PictureUrl, ProblemOut

# The problems that every call may answer with, and those of calls with a body or an id.
PROBLEMS = {
    400: "The request can't be read.",
    401: "There is no valid token.",
    403: "The token's scopes or its person's role don't permit this.",
    404: "There is no such thing, or not for the token's team.",
    422: "The request isn't valid: see `errors`.",
    429: "There were too many requests.",
    500: "Something went wrong on the site.",
    503: "The site can't store anything at present.",
    507: "The site's disk is full.",
}
PROBLEMS_OF_POSTS = {
    409: "The state of things doesn't permit this now.",
    413: "The body is too large.",
    415: "The body isn't of a type that this call reads.",
}
# The names of the addresses that ninja adds to those of the calls.
OWN_NAMES = ("openapi-json", "api-root")
DESCRIPTION = """
Everything that the site's pages do with pictures and jobs, for programs. Errors are problem documents (RFC 9457).
Credits are decimals as text. Times are in UTC.
"""


class SiteAPI(NinjaAPI):
    """The API, whose description also tells the problems, and the bodies that calls read themselves."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the description."""
        document = super().get_openapi_schema(**options)
        schemas = document["components"]["schemas"]
        _refs, read = models_json_schema(
            [(JobIn, "validation"), (PictureUrl, "validation"), (ProblemOut, "validation")], ref_template=REF_TEMPLATE
        )
        schemas.update(read["$defs"])
        for methods in document["paths"].values():
            for method, call in methods.items():
                _add_problems(method, call)
        return document


def _add_problems(method: str, call: dict[str, Any]) -> None:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemOut"}}}
    described = PROBLEMS | (PROBLEMS_OF_POSTS if method == "post" else {})
    for status, sentence in described.items():
        call["responses"].setdefault(status, {"description": sentence, "content": content})


def build_api() -> SiteAPI:
    """Return the API with all its calls."""
    api = SiteAPI(
        title="vanceweb",
        version="1",
        description=DESCRIPTION.strip(),
        urls_namespace="site-api",
        auth=ApiTokenAuth(),
        docs_url=None,
    )
    add_handlers(api)
    for calls in (calls_account, calls_pictures, calls_jobs, calls_usage):
        api.add_router("", calls.router)
    return api


API = build_api()


def get_patterns(api: NinjaAPI) -> list[URLPattern]:
    """Return the addresses of the calls, which ask for a token and for no session."""
    patterns: list[Any] = api.urls[0]
    for pattern in patterns:
        # ninja's own addresses take any method.
        view = require_safe(pattern.callback) if pattern.name in OWN_NAMES else pattern.callback
        pattern.callback = login_not_required(view)
    return patterns
