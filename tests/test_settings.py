"""The list of settings for operators is complete, and promises nothing else."""

import re
from pathlib import Path

from django.conf import settings


def test_every_variable_is_documented_and_every_documented_variable_is_read() -> None:
    source = Path(settings.BASE_DIR, "vanceweb", "settings.py").read_text("utf-8")
    read = set(re.findall(r'\benv\.\w+\(\s*"([A-Z_]+)"', source))
    document = Path(settings.BASE_DIR, "docs", "administer.md").read_text("utf-8")
    rows = re.search(r"^## Settings$(.*?)^## ", document, re.DOTALL | re.MULTILINE)
    assert rows
    first_cells = re.findall(r"^\| (`[A-Z].*?) \|", rows[1], re.MULTILINE)
    assert {name for cell in first_cells for name in re.findall(r"`([A-Z_]+)`", cell)} == read
