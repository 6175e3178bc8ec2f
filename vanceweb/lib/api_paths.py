"""The addresses below which programs are answered and not people."""

API_ROOT = "/web_api"


def is_api_path(path: str) -> bool:
    """Return whether a request for the path comes from a program, which reads JSON."""
    return path == API_ROOT or path.startswith(f"{API_ROOT}/")
