"""Jobs: submitted, followed, cancelled and tried again, by everybody who may."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.api.conftest import Caller, assert_problem, call_as
from tests.conftest import as_actor, get_bundled
from tests.factories import HELD_REASON, make_hosted_connection, make_job, make_private, make_upload
from vanceweb.budgets.services import BudgetValues, create_budget
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import Scope, User
from vanceweb.vault.models import Connection

ENLARGE = {"module": "enlarge3", "params": {"scale": 4}}
STATES = {"queued", "uploading", "processing", "downloading", "held", "done", "failed", "cancelled"}


@pytest.fixture
def picture(bob: User) -> Asset:
    return make_upload(bob)


def submit(caller: Caller, picture: Asset, *steps: dict[str, Any], **more: Any) -> Any:
    return caller.post("/jobs", json={"picture": str(picture.uuid), "steps": list(steps or (ENLARGE,)), **more})


def test_a_job_is_submitted(bobs: Caller, picture: Asset, bob: User) -> None:
    answer = submit(bobs, picture)
    assert answer.status_code == 202
    job = Job.objects.get()
    expected = {"id": str(job.uuid), "state": "queued", "credits": "1", "position": 1, "error": None, "result": None}
    assert expected.items() <= answer.json().items()
    assert answer.json()["expected_seconds"] > 0
    assert answer["Location"] == f"/api/v1/jobs/{job.uuid}"
    assert (job.created_by, job.connection, job.parsed_steps[0].params["scale"]) == (bob, get_bundled(bob), 4)
    assert job.expected_seconds > 0


def test_several_steps_and_an_output(bobs: Caller, picture: Asset) -> None:
    output = {"quality": 80, "format": "jpg", "background": [1, 2, 3]}
    answer = submit(bobs, picture, {"module": "denoise", "params": {}}, ENLARGE, output=output)
    assert answer.status_code == 202, answer.content
    job = Job.objects.get()
    assert [step.module for step in job.parsed_steps] == ["denoise", "enlarge3"]
    assert (job.output_settings.quality, job.output_settings.format) == (80, "jpg")
    assert job.output_settings.background == (1, 2, 3)


def test_another_connection_of_the_persons_own(bobs: Caller, picture: Asset, bob: User) -> None:
    connection = make_hosted_connection(bob, check_state=Connection.CheckState.OK)
    assert submit(bobs, picture, connection=str(connection.uuid)).status_code == 202
    assert Job.objects.get().connection == connection


@pytest.mark.parametrize(
    ("when_short", "state", "is_bundled"),
    [("", "queued", False), ("start", "queued", False), ("hold", "held", False), ("bundled_engine", "queued", True)],
)
def test_a_job_that_costs_more_than_is_left_goes_where_the_request_says(
    bobs: Caller, picture: Asset, bob: User, when_short: str, state: str, is_bundled: bool
) -> None:
    used_up = make_hosted_connection(bob, granted=5, used=5, check_state="ok", checked_at=timezone.now())
    more = {"when_short": when_short} if when_short else {}
    answer = submit(bobs, picture, connection=str(used_up.uuid), **more)
    assert (answer.status_code, answer.json()["state"]) == (202, state)
    job = Job.objects.get()
    assert (job.connection != used_up) == is_bundled
    if state == "held":
        assert answer.json()["error"] == {"code": "held", "message": job.held_reason}


def test_an_unknown_choice_is_refused(bobs: Caller, picture: Asset) -> None:
    assert submit(bobs, picture, when_short="wait").status_code == 422


def test_a_job_that_would_exceed_a_budget_is_held(bobs: Caller, picture: Asset, alice: User) -> None:
    create_budget(actor=as_actor(alice), values=BudgetValues(credits=Decimal("0.5")))
    answer = submit(bobs, picture)
    assert (answer.status_code, answer.json()["state"]) == (202, "held")
    assert "budget" in answer.json()["error"]["message"]


def test_somebody_elses_connection_is_unknown(bobs: Caller, picture: Asset, alice: User) -> None:
    problem = assert_problem(submit(bobs, picture, connection=str(make_hosted_connection(alice).uuid)), 422)
    assert problem["errors"][0]["field"] == "connection"


def test_a_broken_connection_is_refused(bobs: Caller, picture: Asset, bob: User) -> None:
    connection = make_hosted_connection(bob, check_state=Connection.CheckState.FAILED)
    assert_problem(submit(bobs, picture, connection=str(connection.uuid)), 409)
    assert not Job.objects.exists()


@pytest.mark.parametrize("scopes", [(Scope.READ,)])
def test_a_reading_token_submits_nothing(scopes: tuple[Scope, ...], picture: Asset, bob: User) -> None:
    assert_problem(submit(call_as(bob, scopes), picture), 403)


def test_a_viewer_submits_nothing(viewers: Caller, picture: Asset) -> None:
    assert_problem(submit(viewers, picture), 403)


def test_a_strangers_picture_is_unknown(strangers: Caller, picture: Asset) -> None:
    problem = assert_problem(submit(strangers, picture), 422)
    assert problem["errors"][0]["field"] == "picture"
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ([], "steps"),
        ([{"module": "nothing"}], "steps.0.module"),
        ([{"module": "enlarge3", "params": {"scale": 3}}], "steps.0.params.scale"),
        ([{"module": "enlarge3", "params": {"scale": 10**300}}], "steps.0.params.scale"),
        ([{"module": "enlarge3", "params": {"size": 2}}], "steps.0.params.size"),
        ([{"module": "enlarge3", "params": {"scale": [2]}}], "steps.0.params.scale.bool"),
        ([{"module": "enlarge3", "parameters": {}}], "steps.0.parameters"),
        ([{"module": "enlarge3"}, {"module": "denoise"}], "steps"),
        ([{"module": "a\x00b"}], "steps.0.module"),
        ([{"module": "\ud800"}], "steps.0.module"),
        ([{"module": "denoise"}] * 11, "steps"),
        ("x", "steps"),
    ],
)
def test_invalid_steps_are_named(steps: Any, field: str, bobs: Caller, picture: Asset) -> None:
    answer = bobs.post("/jobs", json={"picture": str(picture.uuid), "steps": steps})
    assert assert_problem(answer, 422)["errors"][0]["field"] == field
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"output": {"quality": 101}}, "output.quality"),
        ({"output": {"size": 1}}, "output.size"),
        ({"output": {"background": [1, 2]}}, "output.background"),
        ({"connection": "x"}, "connection"),
        ({"wait": True}, "wait"),
    ],
)
def test_other_invalid_values_are_named(more: dict[str, Any], field: str, bobs: Caller, picture: Asset) -> None:
    assert assert_problem(submit(bobs, picture, **more), 422)["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "body",
    [b" ", b"{", b"\xff\xfe", b"[" * 100_000, b'{"picture": NaN}', b"9" * 5000, b'{"picture": 1e99999}', b"null"],
)
def test_a_malformed_body_is_no_error_of_ours(body: bytes, bobs: Caller) -> None:
    answer = bobs.post("/jobs", data=body, content_type="application/json")
    assert_problem(answer, 422 if body in (b"null", b'{"picture": 1e99999}') else 400)


def test_a_form_is_no_job(bobs: Caller) -> None:
    assert_problem(bobs.post("/jobs", data={"picture": "x"}), 415)


def test_a_result_that_would_be_too_large_is_refused(bobs: Caller, bob: User, settings: Any) -> None:
    settings.ENGINE_MAX_OUTPUT_PIXELS = 1000
    assert_problem(submit(bobs, make_upload(bob, width=100, height=100)), 422)


class TestOne:
    def test_a_done_job_has_its_result(self, viewers: Caller, alice: User) -> None:
        job = make_job(alice)
        answer = viewers.get(f"/jobs/{job.uuid}").json()
        assert job.result is not None
        assert (answer["state"], answer["percent"], answer["position"], answer["error"]) == ("done", 100, None, None)
        assert answer["result"] == viewers.get(f"/pictures/{job.result.uuid}").json()
        assert answer["finished_at"].endswith("Z")

    def test_a_failed_job_has_its_error(self, viewers: Caller, alice: User) -> None:
        job = make_job(alice, state="failed", error="The file is damaged.", failure_kind="picture")
        error = viewers.get(f"/jobs/{job.uuid}").json()["error"]
        assert error == {"code": "picture", "message": "The file is damaged."}

    def test_a_held_job_tells_why(self, viewers: Caller, alice: User) -> None:
        answer = viewers.get(f"/jobs/{make_job(alice, state='held').uuid}").json()
        assert (answer["state"], answer["error"]) == ("held", {"code": "held", "message": HELD_REASON})

    @pytest.mark.parametrize("state", sorted(STATES))
    def test_every_state_has_its_own_name(self, state: str, viewers: Caller, alice: User) -> None:
        assert viewers.get(f"/jobs/{make_job(alice, state=state).uuid}").json()["state"] == state

    def test_a_private_result_is_not_shown(self, bobs: Caller, alice: User) -> None:
        job = make_job(alice)
        assert job.result is not None
        make_private(job.result, alice)
        assert bobs.get(f"/jobs/{job.uuid}").json()["result"] is None

    def test_a_stranger_finds_none(self, strangers: Caller, bobs: Caller, alice: User) -> None:
        job, private = make_job(alice), make_job(alice)
        make_private(private, alice)
        for path in ("", "/cancel", "/retry"):
            method = "post" if path else "get"
            assert_problem(strangers.send(method, f"/jobs/{job.uuid}{path}"), 404)
            assert_problem(bobs.send(method, f"/jobs/{private.uuid}{path}"), 404)
            assert_problem(bobs.send(method, f"/jobs/{uuid4()}{path}"), 404)


class TestActions:
    def test_a_job_is_cancelled(self, bobs: Caller, bob: User) -> None:
        job = make_job(bob, state="queued")
        answer = bobs.post(f"/jobs/{job.uuid}/cancel")
        assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        assert_problem(bobs.post(f"/jobs/{job.uuid}/cancel"), 409)

    def test_a_job_is_tried_again(self, bobs: Caller, bob: User) -> None:
        job = make_job(bob, state="failed")
        answer = bobs.post(f"/jobs/{job.uuid}/retry")
        assert (answer.status_code, answer.json()["state"]) == (202, "queued")
        assert_problem(bobs.post(f"/jobs/{job.uuid}/retry"), 409)

    @pytest.mark.parametrize("act", ["cancel", "retry"])
    def test_others_may_not(self, act: str, viewers: Caller, bobs: Caller, alice: User) -> None:
        job = make_job(alice, state="queued" if act == "cancel" else "failed")
        for caller in (viewers, bobs, call_as(alice, (Scope.READ,))):
            assert_problem(caller.post(f"/jobs/{job.uuid}/{act}"), 403)
        assert call_as(alice).post(f"/jobs/{job.uuid}/{act}").status_code in (200, 202)


def test_the_list_is_filtered_and_paged(
    viewers: Caller, alice: User, bob: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mine = [str(make_job(alice, state=state).uuid) for state in ("done", "failed", "queued")]
    bobs = str(make_job(bob, state="queued").uuid)
    first = viewers.get("/jobs?limit=3").json()
    assert [item["id"] for item in first["items"]] == [bobs, *mine[:0:-1]]
    second = viewers.get("/jobs", data={"limit": 3, "cursor": first["next"]}).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == (mine[:1], None)
    assert [item["id"] for item in viewers.get("/jobs?person=bob").json()["items"]] == [bobs]
    assert viewers.get("/jobs?feature=denoise").json()["items"] == []
    # The token, its role, two throttles, the jobs, and three for the places of those that wait.
    with django_assert_num_queries(8):
        viewers.get("/jobs")


def test_the_catalogue_tells_what_a_step_takes(viewers: Caller) -> None:
    features = {feature["module"]: feature for feature in viewers.get("/features").json()}
    enlarge = features["enlarge3"]
    assert {"slug", "module", "title", "credits", "parameters"} <= enlarge.keys()
    assert enlarge["credits"] == "1"
    scale = next(parameter for parameter in enlarge["parameters"] if parameter["key"] == "scale")
    assert scale["kind"] == "choice"
    assert scale["default"] in [choice["value"] for choice in scale["choices"]]
    ranges = [entry for entry in enlarge["parameters"] if entry["kind"] == "int"]
    assert all(entry["minimum"] < entry["maximum"] for entry in ranges)
