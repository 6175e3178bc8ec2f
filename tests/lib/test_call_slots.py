"""Limits for calls to services by one process."""

import threading
from collections.abc import Callable

import pytest

from vanceweb.lib.call_slots import CallSlots, IsFree, find_service_name


def choose_one_of(*services: str) -> Callable[[IsFree], tuple[str, str] | None]:
    """Return a choice of the first service that has a free slot."""

    def choose(is_free: IsFree) -> tuple[str, str] | None:
        return next(((service, "row") for service in services if is_free(service)), None)

    return choose


def test_a_service_has_so_many_slots() -> None:
    slots = CallSlots(per_service=2, in_all=9)
    taken = [slots.take(choose_one_of("a.example")) for _ in range(3)]
    assert taken == [("a.example", "row"), ("a.example", "row"), None]
    assert slots.take(choose_one_of("a.example", "b.example")) == ("b.example", "row")
    slots.give_back("a.example")
    assert slots.take(choose_one_of("a.example")) == ("a.example", "row")


def test_all_services_together_have_so_many_slots() -> None:
    slots = CallSlots(per_service=2, in_all=3)
    taken = [slots.take(choose_one_of(f"{number}.example")) for number in range(4)]
    assert [one is not None for one in taken] == [True, True, True, False]


def test_calls_within_the_process_are_not_limited() -> None:
    slots = CallSlots(per_service=1, in_all=1)
    assert slots.take(choose_one_of("a.example")) is not None
    assert all(slots.take(choose_one_of("")) == ("", "row") for _ in range(5))
    slots.give_back("")
    assert slots.take(choose_one_of("a.example")) is None


def test_whoever_passed_over_a_service_is_called_once_when_a_slot_is_free() -> None:
    slots = CallSlots(per_service=1, in_all=9)
    calls: list[str] = []

    def call() -> None:
        calls.append("called")

    slots.take(choose_one_of("a.example"), call_later=call)
    for _ in range(3):
        slots.take(choose_one_of("a.example"), call_later=call)
    assert calls == []
    slots.give_back("a.example")
    slots.give_back("a.example")
    assert calls == ["called"]


def test_whoever_found_nothing_is_not_called() -> None:
    slots, calls = CallSlots(per_service=1, in_all=9), []
    slots.take(choose_one_of("a.example"))
    slots.take(lambda is_free: None, call_later=lambda: calls.append("called"))
    slots.give_back("a.example")
    assert calls == []


def test_an_error_while_choosing_occupies_nothing() -> None:
    slots = CallSlots(per_service=1, in_all=1)

    def fail(is_free: IsFree) -> None:
        assert is_free("a.example")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        slots.take(fail)
    assert slots.take(choose_one_of("a.example")) is not None


def test_the_slot_is_free_after_an_error_in_the_work() -> None:
    slots = CallSlots(per_service=1, in_all=1)
    taken = slots.take(choose_one_of("a.example"))
    assert taken is not None
    with pytest.raises(RuntimeError), slots.returning(taken[0]):
        raise RuntimeError
    assert slots.take(choose_one_of("a.example")) is not None


def test_threads_never_occupy_more_slots_than_there_are() -> None:
    slots = CallSlots(per_service=3, in_all=4)
    running, most, lock = {"a": 0, "b": 0}, {"a": 0, "b": 0, "all": 0}, threading.Lock()

    def work() -> None:
        for _ in range(200):
            taken = slots.take(choose_one_of("a", "b"))
            if taken is None:
                continue
            with slots.returning(taken[0]):
                with lock:
                    running[taken[0]] += 1
                    most[taken[0]] = max(most[taken[0]], running[taken[0]])
                    most["all"] = max(most["all"], sum(running.values()))
                with lock:
                    running[taken[0]] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert most["a"] <= 3
    assert most["all"] <= 4


@pytest.mark.parametrize(
    ("base_url", "name"),
    [("", ""), ("https://api.example/web_api/v1", "api.example"), ("http://API.example:8000/x", "api.example")],
)
def test_a_service_is_named_by_its_host(base_url: str, name: str) -> None:
    assert find_service_name(base_url) == name
