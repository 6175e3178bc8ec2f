"""The page for an error that no view has handled."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token
from django.views.defaults import server_error

from vanceweb.lib.storage_faults import find_fault


@requires_csrf_token
def render_error(request: HttpRequest) -> HttpResponse:
    """Show the page of a full or read-only disk, if that is the reason, and else that of an unexpected error.

    Django calls this while it handles the exception, wherever it was raised: an upload is written to the disk before
    any view begins.
    """
    fault = find_fault(sys.exc_info()[1])
    if fault is None:
        return server_error(request)
    # Without the request: its session and person may need the disk.
    page = loader.get_template("storage_fault.html").render({"fault": fault})
    return HttpResponse(page, status=fault.status)
