"""The real io worker and the pages against every hostile way of answering (line 23)."""

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core import serializers
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from tests.client.hostile_service import ANSWERS, CHANGES, TOKEN, WAYS, HostileService, run_hostile_service
from tests.jobs.conftest import JobDriver
from tests.jobs.test_hosted_service import run_until_ended
from vanceweb.client.bounds import LONGEST_BACKENDS, LONGEST_MESSAGE
from vanceweb.jobs.models import Job, ServicePoll
from vanceweb.jobs.polling import poll_due_service
from vanceweb.jobs.worker import UNEXPECTED, ignore_wake
from vanceweb.usage.history_sync import sync_next_history
from vanceweb.usage.models import HistorySync, UsageRecord
from vanceweb.usage.service_times import build_times
from vanceweb.vault.connection_check import check_next_connection
from vanceweb.vault.models import Connection

# The paths that answer in the hostile way: all, or those of which the answer is read after the others have succeeded.
STAGES = {"all": None, "late": frozenset({"/progress", "/download", "/points/record"})}
PAGES = ["", "jobs/", "gallery/", "usage/", "connections/"]
# A sentence of the site, around a message of the service.
LONGEST_SENTENCE = LONGEST_MESSAGE + 300
# Ways that belong to a kind whose other members are tried: they only take long here.
LEFT_OUT = {"endless pages", "endless rows"}


@pytest.fixture
def hostile() -> Iterator[HostileService]:
    with run_hostile_service() as running:
        yield running


@pytest.fixture
def attacked(driver: JobDriver, hostile: HostileService, settings: Any) -> JobDriver:
    settings.CLIENT_ATTEMPTS, settings.JOB_MAX_SETBACKS = 1, 1
    Connection.objects.update(not_before=None)
    driver.connection = Connection.objects.create(
        **driver.actor.own().to_fields(),
        name="Hostile plan",
        service=Connection.Service.OTHER,
        base_url=hostile.base_url,
        token=TOKEN,
        check_state=Connection.CheckState.OK,
    )
    HistorySync.objects.create(connection=driver.connection)
    return driver


def ask_about_everything(driver: JobDriver) -> Job:
    """Check the balance, read the history and run a job, as the io worker does."""
    long_ago = timezone.now() - timedelta(hours=1)
    Connection.objects.filter(pk=driver.connection.pk).update(not_before=long_ago, check_state="ok")
    check_next_connection()
    Connection.objects.filter(pk=driver.connection.pk).update(check_state="ok")
    HistorySync.objects.filter(connection=driver.connection).update(not_before=long_ago)
    sync_next_history()
    job = driver.submit(source=driver.sources[0])
    driver.run_turn(job)
    ServicePoll.objects.update(not_before=long_ago)
    poll_due_service(wake_job=ignore_wake, wake_poll=ignore_wake)
    return run_until_ended(driver, job)


def dump_database() -> str:
    """Return all rows of the site as JSON. The token is encrypted in its column."""
    models: list[type[Model]] = [model for model in apps.get_models() if model is not Connection]
    rows = [serializers.serialize("json", model._default_manager.order_by("pk")) for model in models]
    connections = Connection.objects.values("name", "last_error", "granted", "used")
    return "".join(rows) + str(list(connections))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("kind", [CHANGES, ANSWERS], ids=["changed values", "other answers"])
def test_nothing_breaks_whatever_a_service_answers(
    attacked: JobDriver,
    hostile: HostileService,
    client: Client,
    caplog: pytest.LogCaptureFixture,
    kind: dict[str, Any],
    stage: str,
) -> None:
    """No page answers 500, jobs end with a sentence, nothing is asked for ever, the token is nowhere."""
    caplog.set_level(logging.DEBUG)
    attacked.sources.append(attacked.upload())
    hostile.paths = STAGES[stage] or hostile.paths
    client.force_login(attacked.user)
    for name in kind.keys() - LEFT_OUT:
        hostile.way = WAYS[name]
        before = len(hostile.server.requests)
        job = ask_about_everything(attacked)
        assert job.error != str(UNEXPECTED), name
        assert (job.state == Job.State.DONE) == (not job.error), name
        assert len(job.error) <= LONGEST_SENTENCE, name
        assert len(hostile.server.requests) - before <= 20, f"{name} is asked again and again"
        connection = Connection.objects.without_token().get(pk=attacked.connection.pk)
        sync = HistorySync.objects.get(connection=connection)
        assert (connection.lease_token, sync.lease_token) == (None, None), name
        assert len(job.backend) <= LONGEST_BACKENDS, name
        for text in (connection.last_error, sync.last_error, job.engine_version, job.note):
            assert len(text) <= LONGEST_SENTENCE, name
    assert Job.objects.filter(state=Job.State.FAILED).exists()
    errors = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert not errors, errors[0].getMessage()
    shown = [client.get(f"/t/studio/{page}") for page in PAGES]
    shown += [client.get(f"/jobs/{uuid}/") for uuid in Job.objects.values_list("uuid", flat=True)]
    assert {response.status_code for response in shown} == {200}
    pages = "".join(response.content.decode() for response in shown)
    for text in (dump_database(), pages, caplog.text):
        assert TOKEN not in text.lower()
    assert "<script>alert" not in pages


@pytest.mark.parametrize("amount", ["999999999999.999999999", "-999999999999.9", "12345678901234.567"])
def test_amounts_stored_by_earlier_versions_break_no_page(attacked: JobDriver, client: Client, amount: str) -> None:
    Connection.objects.update(granted=amount, used="0")
    UsageRecord.objects.create(
        **attacked.actor.own().to_fields(),
        connection=attacked.connection,
        connection_name="Hostile plan",
        point_type="download",
        job="denoise",
        info="x",
        points=amount,
        balance=amount,
        **build_times((timezone.now()).replace(tzinfo=None), service_zone="UTC", team_zone="UTC"),
    )
    client.force_login(attacked.user)
    for page in PAGES:
        assert client.get(f"/t/studio/{page}").status_code == 200, page


def test_one_connection_with_an_odd_balance_leaves_the_others_refreshed(
    attacked: JobDriver, hostile: HostileService, bundled: Connection
) -> None:
    hostile.way = WAYS["amounts of twelve nines"]
    long_ago = timezone.now() - timedelta(hours=1)
    Connection.objects.filter(pk=attacked.connection.pk).update(not_before=long_ago)
    Connection.objects.filter(pk=bundled.pk).update(not_before=timezone.now(), granted=None)
    while check_next_connection():
        pass
    odd = Connection.objects.without_token().get(pk=attacked.connection.pk)
    assert "data.max_num should be a number of at most 99999999999.999" in odd.last_error
    assert Connection.objects.without_token().get(pk=bundled.pk).granted is not None
