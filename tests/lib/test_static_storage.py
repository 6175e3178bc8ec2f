"""Collected files refer to each other by names with hashes: in imports of modules and of style sheets."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command

from vanceweb import settings as product

SOURCES = {
    "js/page.js": 'import { open, close } from "./parts/menu.js";\nimport "./parts/clock.js";\nopen(close);\n',
    "js/parts/menu.js": 'import { fill } from "../fill.js";\nexport const open = () => fill, close = 1;\n',
    "js/fill.js": "export const fill = 1;\n",
    "js/parts/clock.js": "setInterval(() => {}, 1000);\n",
    "css/main.css": '@layer base, components;\n@import url("components/card.css") layer(components);\n',
    "css/components/card.css": '.card { background: url("../../dot.svg"); }\n',
    "dot.svg": "<svg/>\n",
    "vendor/package/index.js": "// Usage: import { this } from './missing.js';\n",
}


def collect(settings: Any, folder: Path, sources: dict[str, str]) -> Path:
    """Return the folder with the collected sources."""
    for name, content in sources.items():
        path = folder / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    settings.STATICFILES_DIRS = [folder / "sources"]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = folder / "collected"
    settings.STORAGES = settings.STORAGES | {"staticfiles": product.STORAGES["staticfiles"]}
    call_command("collectstatic", interactive=False, verbosity=0)
    return folder / "collected"


@pytest.fixture
def collected(settings: Any, tmp_path: Path) -> Path:
    return collect(settings, tmp_path, SOURCES)


def read(folder: Path, name: str) -> str:
    """Return the content of the file that pages load for `name`."""
    hashed = staticfiles_storage.stored_name(name)  # type: ignore[attr-defined]
    assert re.fullmatch(r".+\.[0-9a-f]{12}\.\w+", hashed)
    return (folder / hashed).read_text()


def test_modules_import_each_other_by_hashed_names(collected: Path) -> None:
    page = read(collected, "js/page.js")
    imported = re.findall(r'"(.+?)"', page)
    assert len(imported) == 2
    for path in imported:
        assert re.fullmatch(r"\./parts/(menu|clock)\.[0-9a-f]{12}\.js", path)
        assert (collected / "js" / path).is_file()
    assert "open, close" in page


def test_imported_modules_import_others_by_hashed_names(collected: Path) -> None:
    (path,) = re.findall(r'from "(.+?)"', read(collected, "js/parts/menu.js"))
    assert re.fullmatch(r"\.\./fill\.[0-9a-f]{12}\.js", path)
    assert (collected / "js/parts" / path).is_file()


def test_modules_that_import_in_a_circle_are_refused(settings: Any, tmp_path: Path) -> None:
    circle = {
        "js/a.js": 'import { b } from "./b.js";\nexport const a = b;\n',
        "js/b.js": 'import { a } from "./a.js";\n',
    }
    with pytest.raises(RuntimeError, match="passes exceeded"):
        collect(settings, tmp_path, circle)


def test_style_sheets_import_each_other_by_hashed_names(collected: Path) -> None:
    (path, layer) = re.findall(r'@import url\("(.+?)"\) (.+);', read(collected, "css/main.css"))[0]
    assert re.fullmatch(r"components/card\.[0-9a-f]{12}\.css", path)
    assert layer == "layer(components)"
    assert re.search(r"dot\.[0-9a-f]{12}\.svg", read(collected, "css/components/card.css"))


def test_comments_of_packages_are_no_imports(collected: Path) -> None:
    assert read(collected, "vendor/package/index.js") == SOURCES["vendor/package/index.js"]
