"""`make lint` fails on a class or a custom property that the style sheets define and nothing uses."""

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TEMPLATE = """
{# The title of the orphan is in this comment, in this text and in other attributes. #}
<h1 id="orphan" title="orphan" class="heading{% if wide == "orphan" %} is-wide{% endif %}">orphan</h1>
{% block page_class %}bench{% endblock %}
<p class="note note-{{ level }}">title</p>
"""
SCRIPT = """
document.querySelector(".orphan, h1.title").classList.toggle("is-open", title === orphan);
const words = ["orphan", "title"]; button.className = "btn btn-small";
box.style.setProperty("--ratio", 2);
"""
MODULE = '''
"""Tells the orphan from the title."""
WIDGET = {"class": "field"}
ICON = '<span class="icon"></span>'
'''
OTHER_MODULE = 'WORDS = ["orphan", "title"]\n'
USED = """
:root { --ink: black; }
.heading.is-wide, .bench > .note, .note-bad, h1[title] { color: var(--ink); &:hover { top: 0; } }
.is-open:not(.field) .btn.btn-small { width: calc(1px * var(--ratio)); }
.icon, .field, #orphan, .htmx-request { margin: 0; &.is-open { margin: 1px; } }
/* .orphan { --title: 1px; } */
"""


def check(folder: Path, styles: str) -> tuple[int, list[str]]:
    files = {
        "templates/page.html": TEMPLATE,
        "static/js/page.js": SCRIPT,
        "vanceweb/widgets.py": MODULE,
        "vanceweb/words.py": OTHER_MODULE,
        "static/css/parts/page.css": styles,
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    command = [".ci/run-node", "node", ".ci/unused-classes.mjs", str(folder)]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return ended.returncode, ended.stderr.splitlines()


def test_what_is_used_passes(tmp_path: Path) -> None:
    assert check(tmp_path, USED) == (0, [])


# Besides the rules, how they are reported.
PLANTED = {
    ".orphan { top: 0; }": ".orphan",
    ".title { top: 0; }": ".title",
    ".bench, .heading .orphan:hover { top: 0; }": ".heading .orphan:hover",
    "@layer parts { @media (width > 1px) { .heading { &.orphan { top: 0; } } } }": "&.orphan",
    "h1:where(.title, .note) { top: 0; }": ".title",
    ".notebook { top: 0; }": ".notebook",
    ".heading { --orphan: 1px; }": "--orphan",
}


def test_what_is_unused_is_listed(tmp_path: Path) -> None:
    code, lines = check(tmp_path, USED + "\n".join(PLANTED))
    assert code == 1
    assert set(lines) == {f"unused: static/css/parts/page.css: {reported}" for reported in PLANTED.values()}
