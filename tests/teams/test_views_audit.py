"""The pages of the audit log: who sees what of it, filters, paging, and the export."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.conftest import as_actor
from vanceweb.lib.csv_export import guard_cell
from vanceweb.teams.audit import COMMAND, DETAIL_NAMES, record_event
from vanceweb.teams.audit_filters import build_choices
from vanceweb.teams.models import AuditAction, AuditEvent, User
from vanceweb.teams.sweeps import remove_old_events
from vanceweb.teams.templatetags.audit import LABELS

TEAM = "/t/studio/audit/"
ALL = "/audit/"


@pytest.fixture
def visitor(alice: User, client: Client) -> Client:
    AuditEvent.objects.all().remove_older_than(timezone.now() + timedelta(days=1))
    client.force_login(alice)
    return client


def record(user: User, action: AuditAction = AuditAction.ROLE_CHANGED, *, at: datetime | None = None, **options: Any):
    event = record_event(action, by=as_actor(user).performer, **{"target": user, **options})
    if at is not None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE teams_auditevent SET created_at = %s WHERE id = %s", [at, event.pk])
        event.refresh_from_db()
    return event


def list_rows(visitor: Client, address: str = TEAM, **query: str) -> list[AuditEvent]:
    return list(visitor.get(address, query).context["rows"])


def read_csv(response: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode(), newline="")))


def test_a_team_sees_its_own_events_only(visitor: Client, alice: User, charlie: User) -> None:
    mine = record(alice)
    theirs = record(charlie)
    installation = record_event(AuditAction.VAULT_KEYS_ROTATED, by=COMMAND)
    shown = list_rows(visitor)
    assert mine in shown
    assert theirs not in shown
    assert installation not in shown


def test_an_administrator_sees_the_events_of_all_teams(visitor: Client, alice: User, charlie: User) -> None:
    events = [record(alice), record(charlie), record_event(AuditAction.VAULT_KEYS_ROTATED, by=COMMAND)]
    assert set(events) <= set(list_rows(visitor, ALL))


def test_the_page_tells_who_what_on_what_and_from_where(visitor: Client, alice: User) -> None:
    record_event(
        AuditAction.ROLE_CHANGED, by=replace(as_actor(alice).performer, address="192.0.2.7"), target=alice, role="admin"
    )
    page = visitor.get(TEAM).content.decode()
    for text in ("Changed a role", "alice", "192.0.2.7", "role: Admin", "Browser", "data-local"):
        assert text in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, {0, 1, 2}),
        ({"what": "member"}, {0, 1}),
        ({"what": "member.left"}, {1}),
        ({"person": "BOB"}, {1}),
        ({"target": "ali"}, {0, 2}),
        ({"since": "2026-01-02"}, {1, 2}),
        ({"until": "2026-01-02"}, {0, 1}),
        ({"since": "2026-01-02", "until": "2026-01-02"}, {1}),
        ({"what": "member", "person": "alice"}, {0}),
        ({"since": "0001-01-01", "until": "9999-12-31"}, {0, 1, 2}),
    ],
)
def test_the_filter_leaves_what_it_names(
    visitor: Client, alice: User, bob: User, query: dict[str, str], expected: set[int]
) -> None:
    AuditEvent.objects.all().remove_older_than(timezone.now() + timedelta(days=1))
    events = [
        record(alice, at=datetime(2026, 1, 1, 23, 59, tzinfo=UTC)),
        record(bob, AuditAction.MEMBER_LEFT, at=datetime(2026, 1, 2, 0, 0, tzinfo=UTC)),
        record(alice, AuditAction.CONNECTION_ADDED, at=datetime(2026, 1, 3, tzinfo=UTC)),
    ]
    assert list_rows(visitor, **query) == [events[number] for number in sorted(expected, reverse=True)]


def test_the_installation_filters_by_team_too(visitor: Client, alice: User, charlie: User) -> None:
    record(alice)
    theirs = record(charlie)
    assert list_rows(visitor, ALL, team="elsewh")[0] == theirs
    assert {event.team_name for event in list_rows(visitor, ALL, team="elsewh")} == {"Elsewhere"}


@pytest.mark.parametrize(
    "query",
    [
        {"since": "yesterday"},
        {"what": "nothing.known"},
        {"person": "x\0"},
        {"since": "2026-02-02", "until": "2026-02-01"},
    ],
)
def test_a_bad_filter_is_told_and_shows_nothing(visitor: Client, alice: User, query: dict[str, str]) -> None:
    record(alice)
    response = visitor.get(TEAM, query)
    assert response.status_code == 422
    assert not response.context["rows"]


def test_the_log_continues_by_key_and_keeps_the_filter(visitor: Client, alice: User, settings: Any) -> None:
    settings.AUDIT_PAGE_ROWS = 2
    events = [record(alice) for _ in range(3)]
    first = visitor.get(TEAM, {"what": "member"})
    assert "what=member" in first.content.decode()
    second = visitor.get(TEAM, {"what": "member", "after": first.context["next"]})
    assert [*first.context["rows"], *second.context["rows"]] == events[::-1]


def test_every_known_detail_has_words() -> None:
    assert LABELS.keys() == DETAIL_NAMES


def test_every_known_action_can_be_filtered_by() -> None:
    groups = [choices for _title, choices in list(build_choices())[1:]]
    assert {value for choices in groups for value, _label in choices if "." in value} == set(AuditAction.values)


@pytest.mark.parametrize(("address", "queries"), [(TEAM, 5), (ALL, 5)])
def test_the_number_of_queries_does_not_grow_with_the_events(
    visitor: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries, address: str, queries: int
) -> None:
    for _ in range(30):
        record(alice)
    with django_assert_num_queries(queries):
        visitor.get(address)


def test_the_pages_read_an_index(alice: User) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("other databases choose by the size of the table")
    newest = AuditEvent.objects.order_by("-created_at", "-pk")[:51]
    assert "teams_audit_all" in newest.explain()
    of_team = AuditEvent.objects.filter(team_pk=1, action__startswith="member.").order_by("-created_at", "-pk")[:51]
    for plan in (newest.explain(), of_team.explain()):
        assert "TEMP B-TREE" not in plan
    assert "teams_audit_newest_first" in of_team.explain()


def test_an_export_has_all_events_of_the_filter_and_is_an_event(visitor: Client, alice: User, charlie: User) -> None:
    record(alice, role="admin")
    record(charlie)
    record(alice, AuditAction.CONNECTION_ADDED)
    response = visitor.post(TEAM + "export/", {"what": "member"})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="audit-studio.csv"'
    assert response["Cache-Control"] == "private, no-store"
    [row] = read_csv(response)
    assert (row["action"], row["person"], row["team"], row["target_name"]) == (
        "member.role_changed", "alice", "Studio", "alice",
    )  # fmt: skip
    assert json.loads(row["details"]) == {"role": "admin"}
    assert AuditEvent.objects.latest("pk").action == AuditAction.AUDIT_EXPORTED


def test_the_installations_export_is_recorded_without_a_team(visitor: Client, alice: User, charlie: User) -> None:
    record(charlie)
    assert "Elsewhere" in {row["team"] for row in read_csv(visitor.post(ALL + "export/"))}
    exported = AuditEvent.objects.latest("pk")
    assert (exported.action, exported.team_pk, exported.person_name) == (AuditAction.AUDIT_EXPORTED, None, "alice")


def test_an_export_of_a_bad_filter_is_empty(visitor: Client, alice: User) -> None:
    record(alice)
    assert read_csv(visitor.post(TEAM + "export/", {"since": "yesterday"})) == []


def test_an_export_takes_few_queries_for_many_events(
    visitor: Client, alice: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(250):
        record(alice)
    with django_assert_max_num_queries(6):
        assert len(read_csv(visitor.post(TEAM + "export/"))) > 250


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"])
def test_no_cell_of_an_export_is_a_formula(text: str) -> None:
    assert guard_cell(text) == f"'{text}"


def test_other_cells_stay_as_they_are() -> None:
    assert [guard_cell(value) for value in ("a=b", "", None, 7)] == ["a=b", "", "", "7"]


def test_an_export_guards_names_that_are_formulas(visitor: Client, alice: User) -> None:
    alice.username = '=HYPERLINK("http://evil.example";"x")'
    alice.save()
    record(alice)
    assert read_csv(visitor.post(TEAM + "export/", {"what": "member"}))[0]["person"].startswith("'=HYPERLINK")


def test_events_are_removed_after_their_days(alice: User, settings: Any) -> None:
    settings.AUDIT_KEEP_DAYS = 30
    old = record(alice, at=timezone.now() - timedelta(days=31))
    kept = record(alice, at=timezone.now() - timedelta(days=29))
    cache.clear()
    remove_old_events()
    assert set(AuditEvent.objects.filter(pk__in=[old.pk, kept.pk])) == {kept}
