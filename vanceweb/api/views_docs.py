"""The page to read about the API and to try it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from vanceweb.api.calls_pictures import FORM_TYPE
from vanceweb.api.json_bodies import JSON_TYPE
from vanceweb.api.site_api import API

# What the form for a call begins with. Pictures and jobs have ids of the team's own.
EXAMPLES: dict[str, Any] = {
    "PictureUrl": {"url": "https://photos.example/beach.jpg"},
    "JobIn": {"picture": "…", "steps": [{"module": "enlarge3", "params": {"scale": 2}}]},
}
# All calls answer with the same problems, which docs/api.md explains.
FIRST_PROBLEM = 400


@dataclass(frozen=True)
class Call:
    """A call of the API, as the page shows it."""

    method: str
    path: str
    title: str
    text: str
    group: str
    parameters: list[dict[str, Any]]
    takes_file: bool
    example: str
    responses: list[tuple[str, str]]

    @property
    def anchor(self) -> str:
        """The id of the call's element."""
        words = self.path.replace("{", "").replace("}", "").strip("/").split("/")
        return "-".join([self.method.lower(), *words[2:]])


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Show each call of the API's description with a form to try it."""
    document = API.get_openapi_schema()
    context = {"calls": list(_iterate_calls(document)), "description": reverse("site-api:openapi-json")}
    return render(request, "api/docs.html", context)


def _iterate_calls(document: dict[str, Any]) -> Iterator[Call]:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            if method == "head":
                continue
            content = call.get("requestBody", {}).get("content", {})
            yield Call(
                method=method.upper(),
                path=path,
                title=call["summary"],
                text=call.get("description", ""),
                group=call["tags"][0],
                parameters=[_describe_parameter(parameter) for parameter in call["parameters"]],
                takes_file=FORM_TYPE in content,
                example=_find_example(content),
                responses=[
                    (str(status), entry["description"])
                    for status, entry in call["responses"].items()
                    if int(status) < FIRST_PROBLEM
                ],
            )


def _describe_parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    schema = parameter["schema"]
    return {
        "name": parameter["name"],
        "place": parameter["in"],
        "required": parameter["required"],
        "text": parameter.get("description", ""),
        "default": schema.get("default", ""),
    }


def _find_example(content: dict[str, Any]) -> str:
    reference = content.get(JSON_TYPE, {}).get("schema", {}).get("$ref", "")
    example = EXAMPLES.get(reference.rsplit("/", 1)[-1])
    return "" if example is None else json.dumps(example, indent=2, ensure_ascii=False)
