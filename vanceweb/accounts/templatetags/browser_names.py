"""Browsers in words: “Firefox on Linux” instead of what they call themselves."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()

# The first mark found names it: Edge and Opera call themselves Chrome, too, and Chrome calls itself Safari.
BROWSERS = {
    "Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "FxiOS": "Firefox", "Chrome/": "Chrome", "CriOS": "Chrome",
    "Safari/": "Safari",
}  # fmt: skip
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "macOS",
    "CrOS": "ChromeOS", "Linux": "Linux",
}  # fmt: skip


@register.filter
def describe_browser(user_agent: str) -> str:
    """Return the browser and its system, as far as they are known."""
    browser = next((name for mark, name in BROWSERS.items() if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS.items() if mark in user_agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")
