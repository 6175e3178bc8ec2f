"""The components of the design system as template tags. Each has its template in `templates/components/`.

Components without content of their own are included: `{% include "components/chip.html" with text=… only %}`.
`/styleguide/` shows all of them.
"""

from functools import cache
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """Return a bootstrap-icons icon, inlined so that it takes the text's colour. Screen readers read the `label`."""
    if label:
        return format_html('<span class="icon" role="img" aria-label="{}">{}</span>', label, _read_svg(name))
    return format_html('<span class="icon" aria-hidden="true">{}</span>', _read_svg(name))


@cache
def _read_svg(name: str) -> SafeString:
    """Return the file's text, or "" before `npm ci` has run (a system check reports it).

    Raise FileNotFoundError for an unknown name.
    """
    if not settings.ICONS_DIR.is_dir():
        return mark_safe("")
    svg = (settings.ICONS_DIR / f"{name}.svg").read_text(encoding="utf-8")
    return mark_safe(svg.strip())  # noqa: S308  # a file of the locked package, not user input


@register.inclusion_tag("components/field.html")
def field(bound: BoundField) -> dict[str, object]:
    """Render a form field with label, help and errors, marked up for screen readers (Django sets aria-describedby)."""
    return {"field": bound, "widget": bound.as_widget(attrs={"class": "input"})}


@register.filter
def initials(name: str) -> str:
    """Return the one or two letters of a name for an avatar: "Ada Lovelace" → "AL", "alice" → "al"."""
    words = name.replace(".", " ").replace("-", " ").replace("_", " ").split()
    return words[0][0] + words[-1][0] if len(words) > 1 else name[:2]


@register.simple_block_tag
def page_head(content: str, *, title: str, lead: str = "") -> SafeString:
    """Render the heading of a page. The content are its buttons."""
    return _render("page_head", content, title=title, lead=lead)


@register.simple_block_tag
def card(content: str, *, title: str = "", lead: str = "") -> SafeString:
    """Render a card around the content."""
    return _render("card", content, title=title, lead=lead)


@register.simple_block_tag
def button_row(content: str) -> SafeString:
    """Render a row of buttons."""
    return _render("button_row", content)


@register.simple_block_tag
def note(content: str, *, icon: str, kind: str = "") -> SafeString:
    """Render a note; its kind is "", "hint" or "bad", which is announced at once."""
    return _render("note", content, icon=icon, kind=kind)


@register.simple_block_tag
def empty_state(content: str, *, icon: str, title: str, text: str) -> SafeString:
    """Render what an empty list says. The content is the button that leads out of it."""
    return _render("empty_state", content, icon=icon, title=title, text=text)


@register.simple_block_tag
def drop_zone(
    content: str, *, title: str, text: str, input: BoundField, id: str = "", hidden: object = False
) -> SafeString:
    """Render where a picture is dropped or chosen with a file input. The content are other ways to get one."""
    return _render("drop_zone", content, id=id, title=title, text=text, input=input, hidden=hidden)


@register.simple_block_tag
def stat_tile(content: str, *, title: str) -> SafeString:
    """Render a tile with a figure. The content begins with a `.stat-figure`."""
    return _render("stat_tile", content, title=title)


@register.simple_block_tag
def dialog(content: str, *, id: str, title: str) -> SafeString:
    """Render a native dialog. A button with `command="show-modal"` and `commandfor` opens it."""
    return _render("dialog", content, id=id, title=title)


@register.simple_block_tag
def menu(content: str, *, id: str) -> SafeString:
    """Render a popover with links and buttons. A button with `popovertarget` opens it."""
    return _render("menu", content, id=id)


@register.simple_block_tag
def tabs(content: str, *, label: str) -> SafeString:
    """Render tabs. The content are links; `aria-current="page"` marks the open one."""
    return _render("tabs", content, label=label)


@register.simple_block_tag
def table(content: str, *, caption: str, id: str = "", kind: str = "") -> SafeString:
    """Render a table that scrolls by itself if it is too wide. The content are `thead` and `tbody`.

    The columns of tables of the kind "fixed" stand below each other.
    """
    return _render("table", content, caption=caption, id=id, kind=kind)


def _render(name: str, content: str, **values: Any) -> SafeString:
    return mark_safe(render_to_string(f"components/{name}.html", {"content": content, **values}))  # noqa: S308
