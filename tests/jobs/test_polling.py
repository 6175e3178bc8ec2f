"""Polls: one worker asks for all jobs of a connection; nobody asks about those that wait."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from tests.client.fake_service import drop_connection, reply_bytes, reply_error
from tests.jobs.conftest import JobDriver, run_queue
from tests.jobs.path_service import PathService, connect, run_path_service
from tests.jobs.worker_threads import run_together, start_thread, wait_until
from vanceweb.engine.models import Transform
from vanceweb.engine.wsgi import application as engine
from vanceweb.jobs.engine_events import wake_job_of_transform
from vanceweb.jobs.models import Job, RunTime, ServicePoll
from vanceweb.jobs.run_times import LEAST_MEGAPIXELS
from vanceweb.jobs.service_polls import LONGEST_POLL_SECONDS, schedule_poll
from vanceweb.jobs.services import cancel_job, hold_job, release_job
from vanceweb.jobs.sweeps import recover_parked_jobs, wake_due_jobs, wake_due_polls
from vanceweb.jobs.tasks import poll_services


@pytest.fixture
def service() -> Iterator[PathService]:
    with run_path_service() as running:
        yield running


@pytest.fixture
def hosted(driver: JobDriver, service: PathService, settings: Any) -> JobDriver:
    settings.CLIENT_ATTEMPTS, settings.JOB_MAX_SETBACKS = 1, 2
    return connect(driver, service)


def submit_and_park(driver: JobDriver) -> Job:
    job = driver.submit()
    run_queue("io")
    job.refresh_from_db()
    assert job.is_parked
    return job


def get_poll(driver: JobDriver) -> ServicePoll:
    return ServicePoll.objects.get(connection=driver.connection)


def poll(driver: JobDriver) -> float | None:
    """Poll as if it were due. Return the seconds until the next poll, or None if none is scheduled."""
    ServicePoll.objects.filter(connection=driver.connection).update(not_before=timezone.now())
    poll_services.call()
    found = get_poll(driver)
    if found.not_before is None:
        return None
    assert found.polled_at is not None
    return (found.not_before - found.polled_at).total_seconds()


def refresh(job: Job) -> Job:
    job.refresh_from_db()
    return job


def test_one_poll_asks_about_all_jobs_of_the_connection_and_no_job_is_claimed(
    hosted: JobDriver, service: PathService
) -> None:
    jobs = [submit_and_park(hosted) for _ in range(3)]
    poll(hosted)
    assert [form["trans_id"] for form in service.get_forms("/progress")] == service.trans_ids
    assert [(refresh(job).attempts, job.is_parked) for job in jobs] == [(1, True)] * 3


def test_the_end_found_by_a_poll_wakes_the_job(hosted: JobDriver, service: PathService) -> None:
    job = submit_and_park(hosted)
    service.status = "finish"
    assert poll(hosted) is None, "nothing is left to ask about"
    run_queue("io")
    assert refresh(job).state == Job.State.DONE
    assert job.took is not None


def test_pauses_double_up_to_the_longest_while_nothing_changes(hosted: JobDriver) -> None:
    submit_and_park(hosted)
    pauses = [round(poll(hosted) or 0) for _ in range(6)]
    assert pauses == [4, 8, 16, LONGEST_POLL_SECONDS, LONGEST_POLL_SECONDS, LONGEST_POLL_SECONDS]


def test_a_new_job_and_news_shorten_the_pause_again(hosted: JobDriver, service: PathService) -> None:
    first = submit_and_park(hosted)
    for _ in range(4):
        poll(hosted)
    before = timezone.now()
    second = submit_and_park(hosted)
    due = get_poll(hosted).not_before
    assert due is not None
    assert due <= before + timedelta(seconds=LONGEST_POLL_SECONDS / 2)
    for _ in range(4):
        poll(hosted)
    service.replies["/progress"] = service.answer_by_job({first.trans_id: reply_finished})
    assert round(poll(hosted) or 0) == 2
    assert (refresh(first).is_parked, refresh(second).is_parked) == (False, True)


def reply_finished(handler: Any) -> None:
    handler.send(b'{"code": 200, "data": {"status": "finish", "filesize": "100"}}')


def test_waiting_at_the_service_is_not_work(hosted: JobDriver, service: PathService) -> None:
    service.status = "waiting"
    job = submit_and_park(hosted)
    poll(hosted)
    assert refresh(job).work_started_at is None
    service.status = "process"
    poll(hosted)
    began = refresh(job).work_started_at
    assert began is not None
    service.status = "finish"
    poll(hosted)
    assert refresh(job).work_seconds == pytest.approx((job.not_before - began).total_seconds(), abs=0.001)


def test_a_service_that_works_at_once_is_measured_from_the_transform(hosted: JobDriver, service: PathService) -> None:
    service.status = "finish"
    job = hosted.run_turn(hosted.submit())
    assert (job.state, job.work_started_at) == (Job.State.DONE, job.transform_sent_at)
    assert job.work_seconds is not None
    measured = RunTime.objects.get(service=service.base_url, feature="denoise")
    assert measured.seconds_per_megapixel == pytest.approx(job.work_seconds / LEAST_MEGAPIXELS)


def test_a_service_cant_claim_to_have_worked_for_longer_than_it_had_the_job(
    hosted: JobDriver, service: PathService
) -> None:
    job = submit_and_park(hosted)
    body = b'{"code": 200, "data": {"status": "finish", "filesize": "100", "seconds": 999999999}}'
    service.replies["/progress"] = reply_bytes(body, kind="application/json")
    poll(hosted)
    assert refresh(job).work_seconds is not None
    assert job.work_seconds < 999


def test_the_engines_own_seconds_are_the_work(hosted: JobDriver, service: PathService) -> None:
    job = submit_and_park(hosted)
    Job.objects.filter(pk=job.pk).update(transform_sent_at=timezone.now() - timedelta(hours=1))
    body = b'{"code": 200, "data": {"status": "finish", "filesize": "100", "seconds": 12.5}}'
    service.replies["/progress"] = reply_bytes(body, kind="application/json")
    poll(hosted)
    assert refresh(job).work_seconds == 12.5


def test_an_unreachable_service_is_asked_with_longer_pauses_until_its_jobs_fail(
    hosted: JobDriver, service: PathService
) -> None:
    jobs = [submit_and_park(hosted) for _ in range(3)]
    service.replies["/progress"] = drop_connection
    pauses = [round(poll(hosted) or 0) for _ in range(2)]
    assert pauses == [2, 4]
    # Two jobs without an answer are enough to know.
    assert service.count("/progress") == 4
    assert [(refresh(job).setbacks, bool(job.error)) for job in jobs] == [(2, True)] * 3
    assert poll(hosted) is None
    run_queue("io")
    assert [(refresh(job).state, job.resume_state) for job in jobs] == [("failed", "processing")] * 3


def test_an_answer_clears_the_setbacks(hosted: JobDriver, service: PathService) -> None:
    job = submit_and_park(hosted)
    service.replies["/progress"] = drop_connection
    poll(hosted)
    service.replies["/progress"] = service.reply_progress
    poll(hosted)
    assert (refresh(job).setbacks, job.error, job.is_parked) == (0, "", True)


def test_a_job_whose_questions_fail_does_not_slow_down_the_others(hosted: JobDriver, service: PathService) -> None:
    bad, good = submit_and_park(hosted), submit_and_park(hosted)
    service.replies["/progress"] = service.answer_by_job({bad.trans_id: drop_connection})
    poll(hosted)
    assert (refresh(bad).setbacks, bad.is_parked) == (1, False), "its own turn asks next"
    assert (refresh(good).setbacks, good.is_parked) == (0, True)
    service.replies["/progress"] = service.reply_progress
    hosted.run_turn(bad)
    assert (bad.setbacks, bad.is_parked) == (0, True)


@pytest.mark.parametrize(("code", "resumes"), [(10011, ""), (10014, ""), (12345, "")])
def test_an_error_that_ends_a_job_is_left_to_its_own_turn(
    hosted: JobDriver, service: PathService, code: int, resumes: str
) -> None:
    job = submit_and_park(hosted)
    service.replies["/progress"] = reply_error(code, "no")
    assert poll(hosted) is None
    assert refresh(job).state == Job.State.PROCESSING
    run_queue("io")
    assert (refresh(job).state, job.error_code, job.resume_state) == (Job.State.FAILED, code, resumes)


def test_a_token_that_cant_be_decrypted_fails_the_parked_jobs(hosted: JobDriver, settings: Any) -> None:
    job = submit_and_park(hosted)
    settings.VAULT_KEYS = ["c2l4dGVlbi1ieXRlcy1hbmQtc2l4dGVlbi1tb3JlISE="]
    poll(hosted)
    run_queue("io")
    assert (refresh(job).state, "can't be decrypted" in job.error) == (Job.State.FAILED, True)


def test_the_event_of_the_engine_ends_a_job_without_any_poll(driver: JobDriver) -> None:
    job = submit_and_park(driver)
    run_queue("engine")
    wake_job_of_transform(job.trans_id)
    run_queue("io")
    assert refresh(job).state == Job.State.DONE
    assert get_poll(driver).rounds == 0


def test_an_event_during_the_turn_that_parks_the_job_is_not_lost(driver: JobDriver, settings: Any) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.engine_that_ends_before_the_job_is_parked"
    job = driver.submit()
    run_queue("io")
    assert refresh(job).state == Job.State.DONE
    assert get_poll(driver).rounds == 0


def engine_that_ends_before_the_job_is_parked(environ: dict[str, Any], start_response: Any) -> Any:
    """Run the transform and tell its end as soon as the job has stored the transform's id."""
    answer = engine(environ, start_response)
    if environ["PATH_INFO"].endswith("/transform") and not _wrappers:

        def tell(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            result = execute(sql, params, many, context)
            trans_id = Transform.objects.latest("pk").trans_id if '"trans_id" =' in sql and "UPDATE" in sql else ""
            if trans_id and Transform.objects.get().state == Transform.State.QUEUED:
                run_queue("engine")
                wake_job_of_transform(trans_id)
            return result

        database.execute_wrappers.append(tell)
        _wrappers.append(tell)
    return answer


_wrappers: list[Any] = []


@pytest.fixture(autouse=True)
def without_wrappers() -> Iterator[None]:
    yield
    while _wrappers:
        database.execute_wrappers.remove(_wrappers.pop())


def test_an_end_that_was_told_before_the_job_knew_the_transform_is_found_by_the_poll(
    driver: JobDriver, settings: Any
) -> None:
    settings.BUNDLED_ENGINE_WSGI = f"{__name__}.engine_that_ends_before_it_answers"
    job = submit_and_park(driver)
    assert Transform.objects.get().state == Transform.State.FINISHED
    poll(driver)
    run_queue("io")
    assert refresh(job).state == Job.State.DONE


def engine_that_ends_before_it_answers(environ: dict[str, Any], start_response: Any) -> Any:
    answer = engine(environ, start_response)
    if environ["PATH_INFO"].endswith("/transform"):
        run_queue("engine")
        wake_job_of_transform(Transform.objects.latest("pk").trans_id)
    return answer


def test_the_bundled_engine_is_asked_at_its_own_interval(driver: JobDriver, settings: Any) -> None:
    settings.JOB_POLL_SECONDS = 5.0
    submit_and_park(driver)
    assert [round(poll(driver) or 0) for _ in range(3)] == [5, 5, 5]


def test_a_job_that_waits_behind_another_at_the_engine_is_asked_about_less_often(driver: JobDriver) -> None:
    working, waiting = submit_and_park(driver), submit_and_park(driver)
    Transform.objects.filter(trans_id=working.trans_id).update(state="running", started_at=timezone.now())
    for _ in range(2):
        poll(driver)
    assert refresh(working).work_started_at is not None
    Transform.objects.filter(trans_id=waiting.trans_id).update(state="running", started_at=timezone.now())
    seen = []
    for _ in range(5):
        poll(driver)
        seen.append(refresh(waiting).work_started_at is not None)
    assert (seen[0], seen[-1]) == (False, True)


def test_a_poll_that_ends_while_a_job_is_cancelled_or_held_leaves_the_job_alone(
    hosted: JobDriver, service: PathService
) -> None:
    cancelled, held = submit_and_park(hosted), submit_and_park(hosted)
    service.status = "finish"

    def stop_both(handler: Any) -> None:
        if cancelled.pk:
            cancel_job(job=Job.objects.get(pk=cancelled.pk))
            hold_job(job=Job.objects.get(pk=held.pk), reason="The budget is used up.")
            database.close()
        service.reply_progress(handler)

    service.replies["/progress"] = stop_both
    poll(hosted)
    assert (refresh(cancelled).state, cancelled.work_seconds) == (Job.State.CANCELLED, None)
    assert (refresh(held).state, held.work_seconds, held.not_before) == (Job.State.HELD, None, None)
    service.replies["/progress"] = service.reply_progress
    release_job(job=held)
    run_queue("io")
    assert refresh(held).state == Job.State.DONE


def test_a_job_that_is_parked_during_a_poll_is_polled_next(hosted: JobDriver, service: PathService) -> None:
    first = submit_and_park(hosted)
    for _ in range(4):
        poll(hosted)
    service.replies["/progress"] = service.hang
    ServicePoll.objects.update(not_before=timezone.now())
    running = start_thread(poll_services.call)
    wait_until(lambda: service.running["/progress"] == 1, "the question")
    submit_and_park(hosted)
    service.status = "finish"
    service.replies["/progress"] = service.reply_progress
    service.released.set()
    running.join(30)
    found = get_poll(hosted)
    assert found.not_before is not None
    assert found.polled_at is not None
    assert found.not_before < found.polled_at + timedelta(seconds=LONGEST_POLL_SECONDS)
    assert refresh(first).setbacks <= 1


def test_the_last_poll_and_a_job_that_is_parked_at_this_moment_never_miss_each_other(
    hosted: JobDriver, service: PathService
) -> None:
    source = hosted.upload()
    for _ in range(6):
        hosted.submit(source=source)
        ServicePoll.objects.update(not_before=timezone.now())
        # One thread parks the job, the other ends the poll, which finds none or one.
        run_together(lambda: run_queue("io"), poll_services.call)
        parked = Job.objects.get(state=Job.State.PROCESSING)
        assert (parked.is_parked, get_poll(hosted).not_before is not None) == (True, True)
        service.status = "finish"
        poll(hosted)
        run_queue("io")
        service.status = "process"
        assert not Job.objects.filter(state=Job.State.PROCESSING).exists()


def test_of_several_workers_one_polls_a_connection(hosted: JobDriver, service: PathService) -> None:
    submit_and_park(hosted)
    ServicePoll.objects.update(not_before=timezone.now())
    run_together(*[poll_services.call] * 4)
    assert service.count("/progress") == 1


def test_the_sweeper_wakes_a_worker_for_a_poll_that_is_due_once(hosted: JobDriver) -> None:
    submit_and_park(hosted)
    past = timezone.now() - timedelta(seconds=1)
    ServicePoll.objects.update(not_before=past, woken_at=past - timedelta(seconds=5))
    assert (wake_due_polls(), wake_due_polls()) == (1, 0)


def lose_poll(job: Job) -> None:
    ServicePoll.objects.update(not_before=None)


def lose_connection(job: Job) -> None:
    assert job.connection is not None
    job.connection.delete()


def lose_time(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(state=Job.State.UPLOADING, trans_id="")


@pytest.mark.parametrize("lose", [lose_poll, lose_connection, lose_time])
def test_a_job_that_nobody_would_ask_about_is_made_due(hosted: JobDriver, lose: Any) -> None:
    job, other = submit_and_park(hosted), submit_and_park(hosted)
    if lose is lose_time:
        assert other.is_parked
    lose(job)
    recover_parked_jobs()
    assert refresh(job).not_before is not None
    wake_due_jobs()
    run_queue("io")
    expected = Job.State.FAILED if lose is lose_connection else Job.State.PROCESSING
    assert refresh(job).state == expected


def test_a_job_that_is_polled_is_left_to_the_poll(hosted: JobDriver) -> None:
    job = submit_and_park(hosted)
    recover_parked_jobs()
    assert refresh(job).is_parked


def test_parked_jobs_cost_the_sweeper_no_queries(hosted: JobDriver, django_assert_num_queries: Any) -> None:
    job = submit_and_park(hosted)
    wake_due_polls()
    for _ in range(30):
        row = Job.objects.get(pk=job.pk)
        fresh = Job()
        row.pk, row.uuid, row.result_uuid, row._state.adding = None, fresh.uuid, fresh.result_uuid, True
        row.save()
    # The jobs begun, the notices, whether any job waits; the polls.
    with django_assert_num_queries(4):
        assert (wake_due_jobs(), wake_due_polls()) == (0, 0)


def test_scheduling_again_keeps_the_sooner_time(hosted: JobDriver) -> None:
    submit_and_park(hosted)
    soon: datetime = timezone.now()
    ServicePoll.objects.update(not_before=soon)
    with transaction.atomic():
        schedule_poll(hosted.connection)
    assert get_poll(hosted).not_before == soon
