"""The gallery page and the files of pictures."""

import re
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.conftest import as_actor, make_picture_file
from tests.factories import make_job, make_result, make_upload
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import store_upload
from vanceweb.teams.models import User

HTMX = {"HX-Request": "true"}
GALLERY = "/t/studio/gallery/"


def make_private(asset: Asset, person: User) -> Asset:
    asset.private_to = person
    asset.save()
    return asset


def list_addresses(asset: Asset) -> list[str]:
    return [f"/gallery/{asset.uuid}/{path}" for path in ("file/", "tile.webp", "delete/")]


def test_an_empty_gallery_says_what_to_do(visitor: Client) -> None:
    assert "The gallery is empty" in visitor.get(GALLERY).content.decode()


def test_results_are_listed_newest_first_with_their_sizes(
    visitor: Client, alice: User, bob: User, charlie: User
) -> None:
    older, newer = make_result(alice, width=720, height=480), make_result(bob)
    make_result(charlie)
    make_private(make_result(bob), bob)
    make_upload(alice)
    response = visitor.get(GALLERY)
    assert response.context["assets"] == [newer, older]
    page = " ".join(response.content.decode().split())
    assert page.count('class="gallery-tile"') == 2
    assert f'src="/gallery/{older.uuid}/tile.webp"' in page
    assert 'width="360" height="240" loading="lazy"' in page


def test_a_tile_leads_to_its_job(visitor: Client, alice: User) -> None:
    job = make_job(alice)
    assert f'href="/jobs/{job.uuid}/"' in visitor.get(GALLERY).content.decode()


def test_the_gallery_continues_by_key(visitor: Client, alice: User, settings: Any) -> None:
    settings.GALLERY_PAGE_TILES = 2
    results = [make_result(alice, name=f"{number}.png") for number in range(5)][::-1]
    address, seen = GALLERY, ""
    while address:
        tiles = visitor.get(address, headers=HTMX).content.decode()
        assert "<html" not in tiles
        seen += tiles
        address = tiles.split('hx-get="')[1].split('"')[0] if "hx-get" in tiles else ""
    assert [f"{asset.uuid}/tile" for asset in results] == re.findall(r"/gallery/([\w-]+/tile)", seen)


def test_without_javascript_older_pictures_are_a_link_away(visitor: Client, alice: User, settings: Any) -> None:
    settings.GALLERY_PAGE_TILES = 1
    make_result(alice), make_result(alice)
    first = visitor.get(GALLERY)
    page = visitor.get(GALLERY, {"after": first.context["next"]}).content.decode()
    assert "Show older pictures" in first.content.decode()
    assert "<html" in page
    assert page.count('class="gallery-tile"') == 1


def test_more_pictures_take_no_more_queries(
    visitor: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(6):
        make_job(alice)
    with django_assert_num_queries(7):  # session, user, membership, people, pictures, their jobs, refused tokens
        visitor.get(GALLERY)


def test_a_file_is_served_unchanged_and_may_be_cached(visitor: Client, alice: User) -> None:
    asset = make_result(alice)
    response = visitor.get(f"/gallery/{asset.uuid}/file/")
    assert b"".join(response.streaming_content) == asset.file.open("rb").read()
    assert response["Content-Type"] == "image/png"
    assert response["Content-Length"] == str(asset.filesize)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert {"private", "immutable"} <= set(response["Cache-Control"].replace(",", "").split())


def test_a_download_has_the_pictures_name(visitor: Client, alice: User) -> None:
    asset = make_result(alice, name="Crème brûlée.jpeg")
    response = visitor.get(f"/gallery/{asset.uuid}/file/?download=1")
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''Cr%C3%A8me%20br%C3%BBl%C3%A9e.png"


@pytest.mark.parametrize(("path", "name"), [("file/", "bride.png"), ("tile.webp", "bride.webp")])
def test_a_file_shown_on_a_page_has_the_pictures_name_and_not_the_stored_one(
    path: str, name: str, visitor: Client, alice: User
) -> None:
    asset = make_result(alice, name="bride.jpeg")
    response = visitor.get(f"/gallery/{asset.uuid}/{path}")
    assert response["Content-Disposition"] == f'inline; filename="{name}"'


@pytest.mark.parametrize("size", ["tile", "preview"])
def test_thumbnails_are_webp(visitor: Client, alice: User, size: str) -> None:
    asset = make_result(alice)
    response = visitor.get(f"/gallery/{asset.uuid}/{size}.webp")
    assert response["Content-Type"] == "image/webp"
    assert b"".join(response.streaming_content)[8:12] == b"WEBP"


def test_a_missing_thumbnail_is_not_found_and_the_file_is_shown_instead(visitor: Client, alice: User) -> None:
    asset = store_upload(actor=as_actor(alice), file=make_picture_file(), name="fresh.png")
    assert visitor.get(f"/gallery/{asset.uuid}/tile.webp").status_code == 404
    page = visitor.get(f"/t/studio/features/enlarge3/?source={asset.uuid}").content.decode()
    assert f'src="/gallery/{asset.uuid}/file/"' in page


def test_no_other_size_is_served(visitor: Client, alice: User) -> None:
    assert visitor.get(f"/gallery/{make_result(alice).uuid}/original.webp").status_code == 404


@pytest.mark.parametrize("path", ["file/", "tile.webp"])
def test_a_file_that_is_gone_is_not_found(visitor: Client, alice: User, path: str) -> None:
    asset = make_result(alice)
    for name in (asset.file.name, asset.get_thumbnail_path("tile")):
        asset.file.storage.delete(name)
    assert visitor.get(f"/gallery/{asset.uuid}/{path}").status_code == 404


def test_delete_asks_and_then_removes(visitor: Client, alice: User) -> None:
    asset = make_result(alice)
    assert "Delete this picture?" in visitor.get(f"/gallery/{asset.uuid}/delete/").content.decode()
    assert visitor.post(f"/gallery/{asset.uuid}/delete/")["Location"] == GALLERY
    assert not Asset.objects.exists()


@pytest.mark.parametrize("person", ["bob", "viewer"])
def test_people_of_the_team_see_its_pictures_and_delete_only_their_own(
    person: str, alice: User, client: Client, request: pytest.FixtureRequest
) -> None:
    asset = make_result(alice)
    client.force_login(request.getfixturevalue(person))
    assert client.get(GALLERY).context["assets"] == [asset]
    assert [client.get(address).status_code for address in list_addresses(asset)] == [200, 200, 403]
    assert client.post(f"/gallery/{asset.uuid}/delete/").status_code == 403
    assert Asset.objects.filter(pk=asset.pk).exists()


def test_a_member_deletes_their_own_and_an_admin_anybodys(bob: User, admin: User, client: Client) -> None:
    for person in (bob, admin):
        asset = make_result(bob)
        client.force_login(person)
        assert client.post(f"/gallery/{asset.uuid}/delete/")["Location"] == GALLERY
        assert not Asset.objects.filter(pk=asset.pk).exists()


def test_a_viewer_deletes_nothing_not_even_their_own(viewer: User, client: Client) -> None:
    asset = make_result(viewer)
    client.force_login(viewer)
    assert client.post(f"/gallery/{asset.uuid}/delete/").status_code == 403


@pytest.mark.parametrize("person", ["alice", "admin", "viewer", "charlie"])
def test_a_private_picture_exists_only_for_its_person(
    person: str, bob: User, client: Client, request: pytest.FixtureRequest
) -> None:
    asset = make_private(make_result(bob), bob)
    client.force_login(request.getfixturevalue(person))
    assert [client.get(address).status_code for address in list_addresses(asset)] == [404, 404, 404]
    assert client.post(f"/gallery/{asset.uuid}/delete/").status_code == 404
    client.force_login(bob)
    assert [client.get(address).status_code for address in list_addresses(asset)] == [200, 200, 200]
    assert client.get(GALLERY).context["assets"] == [asset]


def test_a_stranger_gets_404_for_the_gallery_and_its_pictures(alice: User, charlie: User, client: Client) -> None:
    asset = make_result(alice)
    client.force_login(charlie)
    assert [client.get(address).status_code for address in [GALLERY, *list_addresses(asset)]] == [404] * 4
    assert client.post(f"/gallery/{asset.uuid}/delete/").status_code == 404
    assert Asset.objects.filter(pk=asset.pk).exists()
    assert client.get("/t/elsewhere/gallery/").context["assets"] == []


def test_the_old_address_leads_to_the_persons_first_team(visitor: Client) -> None:
    assert visitor.get("/gallery/?after=x")["Location"] == f"{GALLERY}?after=x"
