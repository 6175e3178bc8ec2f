"""The calls about usage."""

from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from tests.api.conftest import Caller, assert_problem, call_as
from tests.conftest import as_actor, get_bundled
from tests.factories import make_charge, make_job, make_private
from vanceweb.teams.models import Scope, User
from vanceweb.usage.models import Match, UsageRecord

pytestmark = pytest.mark.django_db


@pytest.fixture
def charges(alice: User, bob: User, charlie: User) -> list[UsageRecord]:
    """Two charges of Alice, one of Bob, one from elsewhere, a private one of Bob's and a stranger's."""
    rows = [make_charge(user, minutes_ago=number) for number, user in enumerate((alice, alice, bob, bob, bob, charlie))]
    matched = [row.pk for row in (*rows[:3], rows[4])]
    UsageRecord.objects.filter(pk__in=matched).update(match=Match.MATCHED, points=Decimal("1.500"))
    UsageRecord.objects.filter(pk=rows[3].pk).update(created_by=None)
    make_private(rows[4], bob)
    # All on one day, whatever the time of the test.
    UsageRecord.objects.update(day=timezone.now().date(), created_at=timezone.now())
    call_command("rebuild_usage", stdout=StringIO())
    return rows


def get_parts(answer: Any) -> list[tuple[str | None, str, str]]:
    assert answer.status_code == 200, answer.content
    return [(part["id"], part["name"], part["credits"]) for bucket in answer.json()["buckets"] for part in bucket["by"]]


def test_sums_by_feature(charges: list[UsageRecord], alices: Caller) -> None:
    today = timezone.now().date().isoformat()
    answer = alices.get(f"/usage?from={today}&to={today}&bucket=day&by=feature")
    assert answer.json() == {
        "buckets": [
            {
                "start": today,
                "credits": "5.5",
                "jobs": 0,
                "by": [
                    {"id": "enlarge3", "name": "Enlarge", "credits": "4.5"},
                    {"id": None, "name": "Not from here", "credits": "1"},
                ],
            }
        ],
        "total": "5.5",
    }


def test_sums_by_person_and_connection(charges: list[UsageRecord], alice: User, alices: Caller) -> None:
    foreign = (None, "Not from here", "1")
    assert get_parts(alices.get("/usage?by=person")) == [("alice", "alice", "3"), ("bob", "bob", "1.5"), foreign]
    bundled = get_bundled(alice)
    assert get_parts(alices.get("/usage?by=connection")) == [(str(bundled.uuid), bundled.name, "4.5"), foreign]


def test_only_admins_learn_what_others_spend(
    charges: list[UsageRecord], bobs: Caller, viewers: Caller, admin: User
) -> None:
    foreign = (None, "Not from here", "1")
    assert get_parts(bobs.get("/usage?by=person")) == [(None, "Others", "3"), ("bob", "bob", "1.5"), foreign]
    assert get_parts(viewers.get("/usage?by=person")) == [(None, "Others", "4.5"), foreign]
    assert get_parts(call_as(admin, (Scope.READ,)).get("/usage?by=person"))[0] == ("alice", "alice", "3")
    assert get_parts(bobs.get("/usage?by=person&scope=private")) == [("bob", "bob", "1.5")]


def test_the_default_is_the_last_thirty_days(charges: list[UsageRecord], alices: Caller) -> None:
    buckets = alices.get("/usage").json()["buckets"]
    assert len(buckets) == 30
    assert buckets[0] == {"start": buckets[0]["start"], "credits": "0", "jobs": 0, "by": []}
    assert len(alices.get("/usage?from=2026-01-01&to=2026-12-31&bucket=month").json()["buckets"]) == 12


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("from=2026-02-30", "from"),
        ("from=2026-02-02&to=2026-02-01", "from"),
        ("to=9999-12-31", "to"),
        ("bucket=hour", "bucket"),
        ("from=2020-01-01&bucket=day", "bucket"),
        ("by=planet", "by"),
        ("scope=all", "scope"),
    ],
)
def test_bad_input_is_told_at_its_field(query: str, field: str, alices: Caller) -> None:
    problem = assert_problem(alices.get(f"/usage?{query}"), 422)
    assert [error["field"] for error in problem["errors"]] == [field]


def test_records_in_pages(charges: list[UsageRecord], alices: Caller) -> None:
    first = alices.get("/usage/records?limit=3").json()
    second = alices.get("/usage/records", data={"limit": 3, "cursor": first["next"]}).json()
    assert [len(first["items"]), len(second["items"]), second["next"]] == [3, 1, None]
    items = first["items"] + second["items"]
    assert [item["person"] for item in items] == [None, "bob", "alice", "alice"]
    assert [item["credits"] for item in items] == ["1", "1.5", "1.5", "1.5"]


def test_a_record(charges: list[UsageRecord], alice: User, bob: User, alices: Caller) -> None:
    job = make_job(bob, source=None)
    UsageRecord.objects.filter(pk=charges[2].pk).update(job_uuid=job.uuid)
    item = alices.get("/usage/records?limit=2").json()["items"][1]
    assert item.pop("created_at")
    assert item.pop("balance")
    assert item == {
        "credits": "1.5",
        "feature": "enlarge3",
        "person": "bob",
        "connection": str(get_bundled(alice).uuid),
        "connection_name": "Bundled engine",
        "job": str(job.uuid),
        "info": "holiday_x2.png",
        "match": "matched",
    }
    make_private(job, bob)
    hidden = alices.get("/usage/records?limit=2").json()["items"][1]
    assert (hidden["job"], hidden["info"]) == (None, "")


def test_everybody_lists_what_they_may_see(
    charges: list[UsageRecord], bobs: Caller, viewers: Caller, strangers: Caller
) -> None:
    assert [item["person"] for item in bobs.get("/usage/records").json()["items"]] == ["bob"]
    assert len(bobs.get("/usage/records?scope=private").json()["items"]) == 1
    assert viewers.get("/usage/records").json() == {"items": [], "next": None}
    assert len(strangers.get("/usage/records").json()["items"]) == 1


def test_a_bad_cursor_is_told(alices: Caller) -> None:
    for cursor in ("x", "2026-01-01_1"):
        problem = assert_problem(alices.get(f"/usage/records?cursor={cursor}"), 422)
        assert problem["errors"][0]["field"] == "cursor"
    assert_problem(alices.get("/usage/records?limit=0"), 422)


def test_a_token_that_may_only_write_reads_nothing(alice: User) -> None:
    writer = call_as(alice, (Scope.WRITE,))
    for path in ("/usage", "/usage/records"):
        assert_problem(writer.get(path), 403)
        assert_problem(Caller().get(path), 401)


def test_removed_connections_keep_their_name(charges: list[UsageRecord], alice: User, alices: Caller) -> None:
    get_bundled(alice).delete()
    call_command("rebuild_usage", team=as_actor(alice).team.slug, stdout=StringIO())
    assert get_parts(alices.get("/usage?by=connection"))[0] == (None, "Bundled engine", "4.5")
    item = alices.get("/usage/records").json()["items"][0]
    assert (item["connection"], item["connection_name"]) == (None, "Bundled engine")
