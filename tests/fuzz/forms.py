"""The forms of the site's pages, with the values that their fields offer."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


@dataclass
class Form:
    """A form that posts to `path`, with the values of each field, and its file fields."""

    path: str
    values: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)


class FormParser(HTMLParser):
    """Collects the posting forms of a page. A field outside any form names its form by `form`, and is left out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            is_post = given.get("method", "").lower() == "post"
            self._form = Form(urlsplit(urljoin(self.page, given.get("action", ""))).path) if is_post else None
            if self._form is not None:
                self.forms.append(self._form)
        if self._form is None:
            return
        name = given.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select:
            self._form.values.setdefault(self._select, []).append(given.get("value", ""))
        elif tag == "input" and given.get("type") == "file" and name:
            self._form.files.append(name)
        elif tag in ("input", "textarea", "button") and name and name != "csrfmiddlewaretoken":
            self._form.values.setdefault(name, []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""


def find_forms(page: str, html: str) -> list[Form]:
    """Return the forms of the page at this path."""
    parser = FormParser(page)
    parser.feed(html)
    return parser.forms
