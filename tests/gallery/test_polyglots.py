"""Pictures that are pages, too: whatever a file contains, browsers get a picture that can run nothing, or save it."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site_settings
from django.core.files.storage import storages
from django.test import Client
from PIL.PngImagePlugin import PngInfo

from tests.conftest import make_picture_file
from tests.factories import make_result, make_upload
from vanceweb.gallery.models import Asset
from vanceweb.lib.file_responses import SentFile
from vanceweb.teams.models import User

PAGE = (
    b"<!DOCTYPE html><html><body><script>alert(document.domain)</script>"
    b"<svg onload='alert(1)' xmlns='http://www.w3.org/2000/svg'/>"
)


def make_jpg() -> bytes:
    """Return a JPG that has a page in a comment and after its end."""
    return make_picture_file(format="JPEG", comment=PAGE).getvalue() + PAGE


def make_png() -> bytes:
    """Return a PNG that has a page in a text and after its end."""
    texts = PngInfo()
    texts.add_text("Comment", PAGE.decode("latin-1"))
    return make_picture_file(pnginfo=texts).getvalue() + PAGE


POLYGLOTS = {"jpg": make_jpg, "png": make_png}
TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp"}


@pytest.fixture(params=POLYGLOTS)
def asset(request: pytest.FixtureRequest, alice: User) -> Asset:
    return make_upload(alice, name="page.html.svg", file=io.BytesIO(POLYGLOTS[request.param]()))


def assert_harmless(response: Any) -> None:
    """Check that a browser runs nothing of the response, even one that takes it for a page."""
    assert response["X-Content-Type-Options"] == "nosniff"
    rules = [rule.strip() for rule in response["Content-Security-Policy"].split(";")]
    assert {"sandbox", "default-src 'none'"} <= set(rules)
    assert not any("script" in rule for rule in rules)


@pytest.mark.parametrize("sender", ["site", "proxy"])
def test_a_page_inside_a_picture_is_sent_as_a_picture_in_a_sandbox(
    every_storage: str, sender: str, asset: Asset, visitor: Client, settings: Any
) -> None:
    settings.X_ACCEL_LOCATION = "/_files/" if sender == "proxy" else ""
    for path in ("file/", "file/?download=1", "tile.webp", "preview.webp"):
        address = f"/gallery/{asset.uuid}/{path}"
        response = visitor.get(address)
        assert (response.status_code, "X-Accel-Redirect" in response) == (200, sender == "proxy")
        format = "webp" if path.endswith("webp") else asset.format
        assert response["Content-Type"] == TYPES[format]
        kind = "attachment" if "download" in path else "inline"
        assert response["Content-Disposition"] == f'{kind}; filename="page.html.svg.{format}"'
        known, part = {"If-None-Match": response["ETag"]}, {"Range": "bytes=2-9"}
        answers = [response, visitor.head(address), *(visitor.get(address, headers=some) for some in (known, part))]
        if sender == "site":
            answers.append(visitor.get(address, headers={"Range": "bytes=99999999-"}))
        for answer in answers:
            assert_harmless(answer)


def test_thumbnails_keep_nothing_of_the_page(asset: Asset, visitor: Client) -> None:
    for size in ("tile", "preview"):
        content = visitor.get(f"/gallery/{asset.uuid}/{size}.webp").getvalue()
        assert (content[8:12], b"<script" in content) == (b"WEBP", False)


@pytest.mark.parametrize("kind", POLYGLOTS)
def test_a_result_of_a_hostile_service_is_harmless_too(kind: str, alice: User, visitor: Client) -> None:
    result = make_result(alice, name="page.svg", file=io.BytesIO(POLYGLOTS[kind]()))
    assert_harmless(visitor.get(f"/gallery/{result.uuid}/file/"))


@pytest.mark.parametrize("content", [PAGE, b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"GIF89a" + PAGE])
def test_a_page_alone_is_no_picture(content: bytes, visitor: Client) -> None:
    answer = visitor.post("/t/studio/features/denoise/", {"picture": io.BytesIO(content)})
    assert (answer.status_code, Asset.objects.exists()) == (422, False)


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/pdf", "text/plain"])
def test_no_view_can_show_a_file_of_another_type(content_type: str) -> None:
    with pytest.raises(ValueError, match="must be an attachment"):
        SentFile(storages["default"], "x", '"x"', content_type, "x", "no-store")
    assert SentFile(storages["default"], "x", '"x"', content_type, "x", "no-store", as_attachment=True)


def test_only_two_modules_send_files_so_that_no_view_forgets_the_headers() -> None:
    room = Path(site_settings.BASE_DIR, "vanceweb")
    found = {str(path.relative_to(room)) for path in room.rglob("*.py") if " FileResponse(" in path.read_text("utf-8")}
    assert found == {"lib/file_responses.py", "engine/api/jobs.py"}
