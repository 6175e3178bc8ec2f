"""The list of settings for operators is complete, and promises nothing else."""

import re
from collections import Counter
from pathlib import Path

from django.conf import settings


def read_modules() -> list[str]:
    return [path.read_text("utf-8") for path in Path(settings.BASE_DIR, "vanceweb", "settings").glob("*.py")]


def test_every_variable_is_documented_and_every_documented_variable_is_read() -> None:
    read = {name for source in read_modules() for name in re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', source)}
    document = Path(settings.BASE_DIR, "docs", "administer.md").read_text("utf-8")
    rows = re.search(r"^## Settings$(.*?)^## ", document, re.DOTALL | re.MULTILINE)
    assert rows
    first_cells = re.findall(r"^\| (`[A-Z].*?) \|", rows[1], re.MULTILINE)
    assert {name for cell in first_cells for name in re.findall(r"`([A-Z_]+)`", cell)} == read


def test_no_two_modules_assign_the_same_setting() -> None:
    assigned = [set(re.findall(r"^([A-Z_]+)(?:: .+)? = ", source, re.MULTILINE)) for source in read_modules()]
    modules_of = Counter(name for names in assigned for name in names)
    assert "DEBUG" in modules_of
    assert {name for name, modules in modules_of.items() if modules > 1} == set()
