"""The engine as a separate WSGI application: called in process by the site's workers, or run without the site."""

import os
from collections.abc import Callable
from typing import Any, cast

import django
from corsheaders.middleware import CorsMiddleware
from django.apps import apps
from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from vanceweb.lib.data_folder import check_keys_and_folders
from vanceweb.lib.request_charset import filter_charsets

REFUSALS = "vanceweb.engine.api.refusals.refuse_in_json_middleware"
Respond = Callable[[HttpRequest], HttpResponseBase]


class EngineHandler(WSGIHandler):
    """Django without the site's middleware and pages.

    The API has no sessions, cookies or pages. Their protection (host name checks, HTTPS redirects) would break calls
    within the process. Only the headers for calls from other origins are added, as on the site. Like every request, a
    call closes old database connections at its end, so it must not be made in process from within a transaction.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        respond = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]
        # By its name, as Django's own: it can be imported only when the models are loaded. It is the synchronous one.
        refuse_in_json = cast(Respond, import_string(REFUSALS)(respond))
        self._middleware_chain = convert_exception_to_response(CorsMiddleware(refuse_in_json))

    def get_response(self, request: HttpRequest) -> Any:
        request.urlconf = "vanceweb.engine.site_urls"
        response: HttpResponseBase = super().get_response(request)
        return response


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vanceweb.settings")
check_keys_and_folders(settings)
if not apps.ready:
    django.setup(set_prefix=False)
application = filter_charsets(EngineHandler())
