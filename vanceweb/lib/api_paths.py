"""The addresses below which programs are answered and not people."""

API_ROOT = "/web_api"
SITE_API_ROOT = "/api/"
# In the WSGI environ of the site's own calls to the bundled engine. No header of a request can set it.
IN_PROCESS_CALL = "vanceweb.in_process_call"


def is_api_path(path: str) -> bool:
    """Return whether a request for the path comes from a program, which reads JSON."""
    return path == API_ROOT or path.startswith(f"{API_ROOT}/")


def is_site_api_path(path: str) -> bool:
    """Return whether a request for the path comes from a program that uses the site's own API."""
    return path.startswith(SITE_API_ROOT)
