"""The page for an error that no view has handled."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token

from vanceweb.lib.request_ids import get_request_id
from vanceweb.lib.storage_faults import find_fault


@requires_csrf_token
def render_error(request: HttpRequest) -> HttpResponse:
    """Show the page of a full or read-only disk, if that is the reason, and else that of an unexpected error.

    Django calls this while it handles the exception, wherever it was raised: an upload is written to the disk before
    any view begins.
    """
    fault = find_fault(sys.exc_info()[1])
    name, status = ("500.html", 500) if fault is None else ("storage_fault.html", fault.status)
    # Without the request: its session and person may need the disk, or what is broken.
    page = loader.get_template(name).render({"fault": fault, "request_id": get_request_id(request)})
    return HttpResponse(page, status=status)
