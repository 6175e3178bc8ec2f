"""The order of transforms: the people of all accounts take turns, with any number of workers."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from tests.engine.conftest import DENOISE, Caller
from vanceweb.engine.execution import execute_next_transform
from vanceweb.engine.models import Transform

State = Transform.State


def add_waiting(caller: Caller, *keys: str) -> None:
    """Create transforms that a worker ends at once, because their upload is gone."""
    account = caller.account
    Transform.objects.bulk_create(
        Transform(account=account, uid="0" * 32, jconfig=DENOISE, job="denoise", cost=1, queue_key=key) for key in keys
    )


def run_all() -> None:
    try:
        while execute_next_transform():
            pass
    finally:
        connections.close_all()


def list_keys() -> list[str]:
    """Return the keys in the order in which their transforms began."""
    return list(Transform.objects.order_by("started_at", "pk").values_list("queue_key", flat=True))


@pytest.mark.django_db(transaction=True)
class TestTurns:
    def test_people_take_turns_and_each_ones_oldest_goes_first(self, alice: Caller) -> None:
        add_waiting(alice, "a", "a", "a", "b", "b", "c")
        run_all()
        assert list_keys() == ["a", "b", "c", "a", "b", "a"]
        of_a = Transform.objects.filter(queue_key="a").order_by("started_at")
        assert list(of_a) == sorted(of_a, key=lambda transform: transform.pk)

    def test_accounts_take_turns_too(self, alice: Caller, bob: Caller) -> None:
        add_waiting(alice, "", "", "")
        add_waiting(bob, "")
        run_all()
        accounts = Transform.objects.order_by("started_at").values_list("account_id", flat=True)
        assert list(accounts)[:2] == [alice.account.pk, bob.account.pk]

    def test_who_has_just_had_a_turn_comes_last(self, alice: Caller) -> None:
        add_waiting(alice, "a", "b")
        run_all()
        add_waiting(alice, "b", "a", "new")
        run_all()
        assert list_keys()[2:] == ["new", "a", "b"]

    def test_an_interrupted_transform_goes_on_before_the_others_of_its_person_and_of_those_after(
        self, alice: Caller
    ) -> None:
        add_waiting(alice, "a", "b", "a")
        long_ago = timezone.now() - timedelta(minutes=1)
        first = Transform.objects.order_by("pk")[0]
        Transform.objects.filter(pk=first.pk).update(
            state=State.RUNNING, attempts=1, started_at=long_ago, lease_until=long_ago
        )
        run_all()
        assert Transform.objects.order_by("started_at")[0] == first

    def test_several_workers_keep_the_order_and_run_each_once(self, alice: Caller) -> None:
        add_waiting(alice, *"aaaabbbbccccdddd")
        workers = [threading.Thread(target=run_all) for _ in range(3)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        assert set(Transform.objects.values_list("attempts", "state")) == {(1, State.FAILED)}
        keys = list_keys()
        assert [Counter(keys[start : start + 4]) for start in range(0, 16, 4)] == [Counter("abcd")] * 4


@pytest.mark.django_db
class TestQueueKey:
    def test_it_is_stored(self, alice: Caller) -> None:
        alice.post("transform", uid=alice.create_upload(), jconfig=DENOISE, wait="0", queue_key="person 7")
        assert Transform.objects.get().queue_key == "person 7"

    def test_one_that_is_too_long_is_refused(self, alice: Caller) -> None:
        answer = alice.post("transform", uid=alice.create_upload(), jconfig=DENOISE, wait="0", queue_key="x" * 65)
        assert (answer["code"], list(answer["msg"])) == (10001, ["queue_key"])
        assert not Transform.objects.exists()
