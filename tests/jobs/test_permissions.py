"""Who may see, start and change jobs: by role, by privacy, and as a stranger to the team."""

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.conftest import as_actor, get_bundled
from tests.factories import make_hosted_connection, make_job, make_private, make_upload
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import delete_job, retry_job, submit_job
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

# Actions on a job, each with a state in which it changes the job.
ACTIONS = {"cancel": Job.State.PROCESSING, "retry": Job.State.FAILED, "delete": Job.State.DONE}
TEAM_PAGES = ("/t/studio/", "/t/studio/jobs/", "/t/studio/features/enlarge3/")


@pytest.fixture
def people(alice: User, bob: User, charlie: User, admin: User, viewer: User) -> dict[str, User]:
    return {"alice": alice, "bob": bob, "charlie": charlie, "admin": admin, "viewer": viewer}


def log_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("name", ["alice", "admin", "bob", "viewer"])
def test_everybody_in_the_team_sees_its_jobs(people: dict[str, User], name: str) -> None:
    job, client = make_job(people["alice"]), log_in(people[name])
    assert client.get(f"/jobs/{job.uuid}/").status_code == 200
    assert client.get(f"/jobs/{job.uuid}/progress/").status_code == 200
    assert client.get("/t/studio/jobs/").context["jobs"] == [job]
    assert client.get("/t/studio/").context["jobs"] == [job]
    assert {client.get(page).status_code for page in TEAM_PAGES} == {200}


def test_a_stranger_to_the_team_finds_none_of_its_pages(people: dict[str, User]) -> None:
    client = log_in(people["charlie"])
    data = {"sample": "cat", "connection": str(get_bundled(people["charlie"]).uuid)}
    assert {client.get(page).status_code for page in TEAM_PAGES} == {404}
    assert client.post("/t/studio/features/enlarge3/", data).status_code == 404
    assert not Job.objects.exists()


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize(
    ("name", "maker", "status"),
    [
        ("viewer", "alice", 403),
        ("viewer", "viewer", 403),
        ("bob", "alice", 403),
        ("bob", "bob", 302),
        ("admin", "bob", 302),
        ("alice", "bob", 302),
        ("charlie", "alice", 404),
    ],
)
def test_members_change_their_own_jobs_and_admins_all(
    people: dict[str, User], name: str, maker: str, status: int, action: str
) -> None:
    job = make_job(people[maker], state=ACTIONS[action])
    assert log_in(people[name]).post(f"/jobs/{job.uuid}/{action}/").status_code == status
    assert Job.objects.filter(pk=job.pk, state=job.state).exists() is (status != 302)


@pytest.mark.parametrize("name", ["alice", "admin", "bob", "viewer"])
def test_the_page_shows_only_the_actions_that_a_person_may_use(people: dict[str, User], name: str) -> None:
    may_edit = name in ("alice", "admin")
    client, failed = log_in(people[name]), make_job(people["alice"], state=Job.State.FAILED)
    active = make_job(people["alice"], state=Job.State.PROCESSING)
    page = client.get(f"/jobs/{failed.uuid}/").content.decode()
    assert ('id="retry-job"' in page) is may_edit
    assert (f'href="/jobs/{failed.uuid}/delete/"' in page) is may_edit
    assert (f"?from={failed.uuid}" in page) is (name != "viewer")
    assert ('id="cancel-job"' in client.get(f"/jobs/{active.uuid}/").content.decode()) is may_edit


@pytest.mark.parametrize("name", ["alice", "admin", "viewer", "charlie"])
def test_a_private_job_is_not_there_for_anybody_else(people: dict[str, User], name: str) -> None:
    jobs = {action: make_job(people["bob"], state=state) for action, state in ACTIONS.items()}
    for job in jobs.values():
        make_private(job, people["bob"])
    client, before = log_in(people[name]), list(Job.objects.values())
    for action, job in jobs.items():
        for page in ("", "progress/", "delete/"):
            assert client.get(f"/jobs/{job.uuid}/{page}").status_code == 404
        assert client.post(f"/jobs/{job.uuid}/{action}/").status_code == 404
        assert client.post(f"/jobs/{job.uuid}/privacy/").status_code == 404
    if name != "charlie":
        assert client.get("/t/studio/jobs/").context["jobs"] == []
        assert client.get("/t/studio/").context["jobs"] == []
    assert list(Job.objects.values()) == before


def test_a_private_job_is_there_for_its_person(people: dict[str, User]) -> None:
    job, client = make_job(people["bob"]), log_in(people["bob"])
    make_private(job, people["bob"])
    assert client.get(f"/jobs/{job.uuid}/").status_code == 200
    assert client.get("/t/studio/jobs/").context["jobs"] == [job]
    assert client.get("/t/studio/").context["jobs"] == [job]


def test_a_viewer_starts_nothing(people: dict[str, User]) -> None:
    client = log_in(people["viewer"])
    fields = {"scale": "4", "suppress_noise": "10", "remove_blur": "20"}
    data = fields | {"sample": "cat", "connection": str(get_bundled(people["viewer"]).uuid)}
    assert client.post("/t/studio/features/enlarge3/", data).status_code == 403
    assert not Job.objects.exists()
    assert not Asset.objects.exists()
    assert 'id="submit-job"' not in client.get("/t/studio/features/enlarge3/").content.decode()
    assert "Try it on a sample" not in client.get("/t/studio/").content.decode()
    assert log_in(people["bob"]).post("/t/studio/features/enlarge3/", data).status_code == 302


def test_a_person_in_two_teams_takes_each_jobs_team_from_the_job(people: dict[str, User]) -> None:
    bob, charlie = people["bob"], people["charlie"]
    as_actor(charlie).team.memberships.create(user=bob, role="viewer")
    ours, theirs, client = make_job(bob), make_job(charlie), log_in(bob)
    assert client.get("/t/studio/jobs/").context["jobs"] == [ours]
    assert client.get("/t/elsewhere/jobs/").context["jobs"] == [theirs]
    assert 'href="/t/elsewhere/gallery/"' in client.get(f"/jobs/{theirs.uuid}/").content.decode()
    assert client.post(f"/jobs/{theirs.uuid}/delete/").status_code == 403
    assert client.post(f"/jobs/{ours.uuid}/delete/")["Location"] == "/t/studio/gallery/"


def submit(user: User, *, source: Asset, connection: Connection) -> Job:
    step = Step("denoise", {"auto_params": False, "remove_noise": 0, "sharpen": 0})
    return submit_job(actor=as_actor(user), connection=connection, source=source, steps=[step], output=Output())


def test_a_job_needs_the_right_to_spend_and_visible_rows(people: dict[str, User]) -> None:
    alice, bob = people["alice"], people["bob"]
    shared, private, asset = get_bundled(bob), make_hosted_connection(bob), make_upload(bob)
    strange = make_upload(people["charlie"])
    with pytest.raises(PermissionDenied):
        submit(people["viewer"], source=asset, connection=shared)
    for refused in ({"source": asset, "connection": private}, {"source": strange, "connection": shared}):
        with pytest.raises(JobRefused, match="the team's or your own"):
            submit(alice, **refused)
    assert submit(bob, source=asset, connection=private).ownership == as_actor(bob).own()
    make_private(asset, bob)
    with pytest.raises(JobRefused, match="the team's or your own"):
        submit(alice, source=asset, connection=shared)
    assert submit(bob, source=asset, connection=shared).ownership == as_actor(bob).own(private=True)


def test_a_retry_needs_the_right_to_see_the_connection_and_the_picture(people: dict[str, User]) -> None:
    alice, bob = people["alice"], people["bob"]
    on_private = make_job(bob, state=Job.State.FAILED, connection=make_hosted_connection(bob))
    of_private = make_job(bob, state=Job.State.FAILED)
    assert of_private.source is not None
    make_private(of_private.source, bob)
    for job in (on_private, of_private):
        with pytest.raises(JobRefused, match="private"):
            retry_job(actor=as_actor(alice), job=job)
        assert retry_job(actor=as_actor(bob), job=job).is_active


def test_pages_and_actions_of_a_job_never_decrypt_a_token(people: dict[str, User], settings: Any) -> None:
    job = make_job(people["alice"], state=Job.State.FAILED)
    settings.VAULT_KEYS = ["c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1tb3JlISE="]
    client = log_in(people["alice"])
    assert "Bundled engine" in client.get(f"/jobs/{job.uuid}/").content.decode()
    assert client.get(f"/t/studio/features/enlarge3/?from={job.uuid}").status_code == 200
    assert client.post(f"/jobs/{job.uuid}/retry/").status_code == 302


def test_the_name_of_a_private_connection_is_not_shown_to_others(people: dict[str, User]) -> None:
    job = make_job(people["bob"], connection=make_hosted_connection(people["bob"]))
    assert "Studio plan" in log_in(people["bob"]).get(f"/jobs/{job.uuid}/").content.decode()
    assert "Studio plan" not in log_in(people["alice"]).get(f"/jobs/{job.uuid}/").content.decode()


def test_deleting_ones_job_keeps_a_colleagues_upload(alice: User, bob: User) -> None:
    upload = make_upload(alice)
    delete_job(actor=as_actor(bob), job=make_job(bob, source=upload))
    assert Asset.objects.filter(pk=upload.pk).exists()
    delete_job(actor=as_actor(alice), job=make_job(alice, source=upload))
    assert not Asset.objects.filter(pk=upload.pk).exists()
