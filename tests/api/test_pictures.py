"""Pictures: added, listed page by page, downloaded and deleted, by everybody who may."""

import hashlib
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoAssertNumQueries

from tests.api.conftest import Caller, assert_problem, call_as
from tests.conftest import as_actor, make_picture_file
from tests.factories import make_job, make_private, make_result, make_upload
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import store_sample
from vanceweb.teams.models import Scope, User


def upload(caller: Caller, content: bytes | None = None, name: str = "holiday.png") -> Any:
    content = make_picture_file().read() if content is None else content
    return caller.post("/pictures", data={"file": SimpleUploadedFile(name, content)})


def test_a_picture_is_added(bobs: Caller) -> None:
    content = make_picture_file(30, 20).read()
    answer = upload(bobs, content)
    assert answer.status_code == 201
    added = answer.json()
    asset = Asset.objects.get()
    expected = {
        "id": str(asset.uuid),
        "state": "ready",
        "name": "holiday.png",
        "width": 30,
        "height": 20,
        "format": "png",
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "kind": "upload",
        "person": "bob",
        "private": False,
    }
    assert expected.items() <= added.items()
    assert answer["Location"] == f"/api/v1/pictures/{asset.uuid}"
    assert bobs.get(f"/pictures/{asset.uuid}").json() == added


def test_a_viewer_and_a_reading_token_add_nothing(viewers: Caller, bob: User) -> None:
    assert_problem(upload(viewers), 403)
    assert_problem(upload(call_as(bob, (Scope.READ,))), 403)
    assert_problem(viewers.post("/pictures", json={"url": "https://photos.example/a.png"}), 403)
    assert not Asset.objects.exists()


def test_a_file_that_is_no_picture_is_refused(bobs: Caller) -> None:
    problem = assert_problem(upload(bobs, b"GIF89a" + bytes(40)), 422)
    assert problem["errors"][0]["field"] == "file"


def test_a_file_that_is_too_large_is_refused(bobs: Caller, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 50
    assert_problem(upload(bobs), 413)


def test_a_form_without_the_file_is_refused(bobs: Caller) -> None:
    assert_problem(bobs.post("/pictures", data={"picture": "x"}), 422)


def test_a_body_of_another_type_is_refused(bobs: Caller) -> None:
    assert_problem(bobs.post("/pictures", data=b"x", content_type="image/png"), 415)


@pytest.mark.parametrize("method", ["get", "delete"])
def test_a_stranger_finds_no_picture(method: str, strangers: Caller, alice: User) -> None:
    missing, found = (
        assert_problem(strangers.send(method, f"/pictures/{uuid}"), 404) for uuid in (uuid4(), make_upload(alice).uuid)
    )
    assert missing.pop("request_id") != found.pop("request_id")
    assert missing == found


def test_somebody_elses_private_picture_is_missing(bobs: Caller, alices: Caller, alice: User) -> None:
    asset = make_upload(alice)
    make_private(asset, alice)
    for path in (f"/pictures/{asset.uuid}", f"/pictures/{asset.uuid}/file"):
        assert_problem(bobs.get(path), 404)
        assert alices.get(path).status_code == 200
    assert bobs.get("/pictures").json() == {"items": [], "next": None}
    assert len(alices.get("/pictures").json()["items"]) == 1


def test_a_picture_is_deleted_by_whoever_may(bobs: Caller, viewers: Caller, alices: Caller, bob: User) -> None:
    asset = make_upload(bob)
    assert_problem(viewers.delete(f"/pictures/{asset.uuid}"), 403)
    assert_problem(call_as(bob, (Scope.READ,)).delete(f"/pictures/{asset.uuid}"), 403)
    assert alices.delete(f"/pictures/{asset.uuid}").status_code == 204
    assert_problem(bobs.get(f"/pictures/{asset.uuid}"), 404)


def test_a_member_deletes_only_their_own(bobs: Caller, alice: User) -> None:
    assert_problem(bobs.delete(f"/pictures/{make_upload(alice).uuid}"), 403)
    assert Asset.objects.exists()


class TestFile:
    def test_it_is_the_original(self, viewers: Caller, alice: User) -> None:
        asset = make_upload(alice)
        answer = viewers.get(f"/pictures/{asset.uuid}/file")
        assert hashlib.sha256(b"".join(answer.streaming_content)).hexdigest() == asset.sha256
        assert (answer["Content-Type"], answer["ETag"]) == ("image/png", f'"{asset.sha256}"')
        assert "attachment" in answer["Content-Disposition"]

    def test_a_part_of_it(self, viewers: Caller, alice: User) -> None:
        asset = make_upload(alice)
        answer = viewers.get(f"/pictures/{asset.uuid}/file", headers={"Range": "bytes=1-3"})
        assert (answer.status_code, b"".join(answer.streaming_content)) == (206, b"PNG")

    def test_a_part_behind_its_end(self, viewers: Caller, alice: User) -> None:
        asset = make_upload(alice)
        answer = viewers.get(f"/pictures/{asset.uuid}/file", headers={"Range": "bytes=999999-"})
        assert_problem(answer, 416)
        assert answer["Content-Range"] == f"bytes */{asset.filesize}"

    def test_only_its_size(self, viewers: Caller, alice: User) -> None:
        asset = make_upload(alice)
        answer = viewers.send("head", f"/pictures/{asset.uuid}/file")
        assert (answer.status_code, answer["Content-Length"]) == (200, str(asset.filesize))

    def test_a_stranger_gets_none(self, strangers: Caller, alice: User) -> None:
        assert_problem(strangers.get(f"/pictures/{make_upload(alice).uuid}/file"), 404)


class TestList:
    def walk(self, caller: Caller, query: str) -> list[str]:
        names: list[str] = []
        cursor = ""
        while cursor is not None:
            page = caller.get(f"/pictures?{query}&cursor={cursor}").json()
            names += [item["name"] for item in page["items"]]
            cursor = page["next"].replace("+", "%2B") if page["next"] else None
        return names

    def test_pages_of_all_kinds_in_the_order_of_time(self, viewers: Caller, alice: User) -> None:
        expected = []
        for number in range(3):
            expected += [make_upload(alice, name=f"u{number}.png").name, make_result(alice, name=f"r{number}.png").name]
        expected.append(store_sample(actor=as_actor(alice), sample="astronaut").name)
        for limit in (1, 2, 3, 7, 50):
            assert self.walk(viewers, f"limit={limit}") == expected[::-1]

    def test_filters(self, viewers: Caller, alice: User, bob: User) -> None:
        make_upload(alice, name="Beach.png")
        make_upload(bob, name="forest.png")
        make_result(bob, name="beach x2.png")
        Asset.objects.results().update(feature="enlarge3")
        assert self.walk(viewers, "q=BEACH") == ["beach x2.png", "Beach.png"]
        assert self.walk(viewers, "person=bob") == ["beach x2.png", "forest.png"]
        assert self.walk(viewers, "feature=enlarge3") == ["beach x2.png"]
        assert self.walk(viewers, "person=nobody") == []
        assert self.walk(call_as(bob), "person=me&q=forest") == ["forest.png"]

    @pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=x", "q=%00", "limit=" + "9" * 5000])
    def test_invalid_values_are_named(self, query: str, viewers: Caller) -> None:
        problem = assert_problem(viewers.get(f"/pictures?{query}"), 422)
        assert problem["errors"][0]["field"] == query.split("=")[0]

    def test_the_number_of_queries_does_not_grow(
        self, viewers: Caller, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        viewers.get("/me")
        for number in range(3):
            make_upload(alice, name=f"{number}.png")
            # The token, its role, two throttles, and a query for each kind of picture.
            with django_assert_num_queries(7):
                viewers.get("/pictures")

    def test_a_stranger_sees_nothing_of_it(self, strangers: Caller, alice: User) -> None:
        make_upload(alice)
        make_job(alice)
        assert strangers.get("/pictures").json() == {"items": [], "next": None}
        assert strangers.get("/jobs").json() == {"items": [], "next": None}
