"""Who may spend on a connection of the team: when a job is submitted or retried, and in the choices of the form."""

from collections.abc import Sequence

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import as_actor
from tests.factories import ENLARGE, make_hosted_connection, make_job, make_upload
from vanceweb.catalogue.output import Output
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.forms import SubmissionForm
from vanceweb.jobs.models import Job
from vanceweb.jobs.remedies import Remedy, find_remedies
from vanceweb.jobs.services import retry_job, submit_job
from vanceweb.jobs.worker import _find_connection
from vanceweb.teams.access import add_may_spend, filter_spendable
from vanceweb.teams.models import AuditAction, AuditEvent, Membership, Role, User
from vanceweb.vault.keeping import set_spenders
from vanceweb.vault.models import Connection


@pytest.fixture
def shared(admin: User) -> Connection:
    """The connection that the team's admin keeps and shares."""
    return make_hosted_connection(admin, private_to_id=None)


def allow(connection: Connection, role: str, people: Sequence[User] = ()) -> None:
    connection.spend_role = role
    connection.save(update_fields=["spend_role"])
    connection.spenders.set(people)


def submit(user: User, connection: Connection) -> Job:
    return submit_job(
        actor=as_actor(user), connection=connection, source=make_upload(user), steps=[ENLARGE], output=Output()
    )


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (Role.MEMBER, {"alice", "bob", "admin"}),
        (Role.ADMIN, {"alice", "admin"}),
        # The keeper may spend whatever the rule says.
        (Role.OWNER, {"alice", "admin"}),
        ("", {"bob", "admin"}),
    ],
)
def test_the_rule_says_who_spends_and_all_ways_to_ask_agree(
    alice: User, bob: User, admin: User, viewer: User, charlie: User, shared: Connection, role: str, allowed: set[str]
) -> None:
    allow(shared, role, [bob, viewer, charlie])
    for person in (alice, bob, admin, viewer, charlie):
        actor = as_actor(person)
        may = person.username in allowed
        assert actor.can_spend_on(shared) == may
        assert filter_spendable(Connection.objects.filter(pk=shared.pk), actor).exists() == may
        marked = add_may_spend(Connection.objects.filter(pk=shared.pk), actor).first()
        assert (marked is not None and marked.may_spend) == may
        assert (marked is None) == (person == charlie)


def test_a_private_connection_is_its_persons_alone(alice: User, bob: User) -> None:
    private = make_hosted_connection(bob, spend_role=Role.OWNER)
    assert (as_actor(bob).can_spend_on(private), as_actor(alice).can_spend_on(private)) == (True, False)


def test_a_job_is_refused_with_a_sentence(bob: User, shared: Connection) -> None:
    allow(shared, Role.ADMIN)
    with pytest.raises(JobRefused, match=r"You may not spend on Studio plan\. Its keeper or an admin"):
        submit(bob, shared)
    allow(shared, "", [bob])
    assert submit(bob, shared).connection == shared


def test_a_retry_is_refused_with_a_sentence(alice: User, bob: User, shared: Connection) -> None:
    job = make_job(bob, state=Job.State.FAILED, connection=shared)
    allow(shared, Role.ADMIN)
    with pytest.raises(JobRefused, match="You may not spend"):
        retry_job(actor=as_actor(bob), job=job)
    assert retry_job(actor=as_actor(alice), job=job).state == Job.State.QUEUED


def test_a_failed_jobs_page_offers_another_connection(bob: User, shared: Connection) -> None:
    job = make_job(bob, state=Job.State.FAILED, connection=shared)
    before = find_remedies(job, as_actor(bob))
    allow(shared, Role.ADMIN)
    after = find_remedies(Job.objects.get(pk=job.pk), as_actor(bob))
    assert before.main is not None
    assert after.main is not None
    assert (before.main.remedy, after.main.remedy) == (Remedy.TRY_AGAIN, Remedy.OTHER_CONNECTION)
    assert not after.offers_retry


def test_a_job_that_was_submitted_runs_after_its_persons_role_was_lowered(bob: User, shared: Connection) -> None:
    job = submit(bob, shared)
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)
    allow(shared, Role.OWNER)
    assert _find_connection(job) == shared


def test_the_form_shows_a_connection_that_cant_be_chosen(
    client: Client, bob: User, bundled: Connection, shared: Connection
) -> None:
    allow(shared, Role.ADMIN)
    form = SubmissionForm({"connection": str(shared.uuid), "sample": "cat"}, actor=as_actor(bob))
    assert form.chosen_connection == bundled
    assert not form.is_valid()
    assert form.errors["connection"] == [shared.no_spending_sentence]
    client.force_login(bob)
    page = client.get(f"/t/{as_actor(bob).team.slug}/features/denoise/").content.decode()
    option = page[page.index(f'<option value="{shared.uuid}"') :].partition("</option>")[0]
    assert " disabled" in option
    assert "(you may not spend on it)" in option


def test_the_forms_choices_take_one_query_however_many_there_are(bob: User, admin: User) -> None:
    actor = as_actor(bob)
    for number in range(5):
        allow(make_hosted_connection(admin, name=f"Plan {number}", private_to_id=None), "", [bob])
    with CaptureQueriesContext(database) as queries:
        assert len(SubmissionForm(actor=actor).spendable_connections) == 6
    assert len(queries) == 1


def test_keeper_and_admins_set_who_spends(alice: User, bob: User, admin: User, shared: Connection) -> None:
    set_spenders(actor=as_actor(alice), connection=shared, spend_role="", people=[bob])
    fresh = Connection.objects.get(pk=shared.pk)
    assert (fresh.spend_role, list(fresh.spenders.all())) == ("", [bob])
    set_spenders(actor=as_actor(admin), connection=shared, spend_role=Role.OWNER, people=[bob])
    assert (shared.spend_role, list(shared.spenders.all())) == (Role.OWNER, [])
    with pytest.raises(PermissionDenied):
        set_spenders(actor=as_actor(bob), connection=shared, spend_role=Role.MEMBER, people=[])
    events = AuditEvent.objects.filter(action=AuditAction.CONNECTION_SPENDERS_CHANGED).order_by("pk")
    assert [event.details for event in events] == [{"role": "", "name": "bob"}, {"role": "owner", "name": ""}]


def test_an_admin_limits_the_bundled_engine_too(alice: User, bob: User, bundled: Connection) -> None:
    set_spenders(actor=as_actor(alice), connection=bundled, spend_role=Role.ADMIN, people=[])
    assert not as_actor(bob).can_spend_on(bundled)


@pytest.mark.parametrize("names", [[], ["viewer"], ["bob", "charlie"]])
def test_only_members_who_spend_at_all_are_named(
    request: pytest.FixtureRequest, admin: User, shared: Connection, names: list[str]
) -> None:
    people = [request.getfixturevalue(name) for name in names]
    with pytest.raises(ValidationError):
        set_spenders(actor=as_actor(admin), connection=shared, spend_role="", people=people)
    with pytest.raises(ValidationError):
        set_spenders(actor=as_actor(admin), connection=shared, spend_role=Role.VIEWER, people=[])
    assert Connection.objects.get(pk=shared.pk).spend_role == Role.MEMBER
