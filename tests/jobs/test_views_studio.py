"""The studio's home."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_job, make_upload
from vanceweb.catalogue.features import FEATURES
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User


@pytest.fixture
def visitor(alice: User, client: Client) -> Client:
    client.force_login(alice)
    return client


def test_every_feature_is_there_in_its_group(visitor: Client) -> None:
    response = visitor.get("/")
    shelves = response.context["shelves"]
    assert [shelf.group.label for shelf in shelves] == ["Enhance", "Cut out", "Restore", "Stylise", "Optimise"]
    assert [feature for shelf in shelves for feature in shelf.features] == list(FEATURES)
    page = response.content.decode()
    assert all(f'href="/features/{feature.slug}/"' in page for feature in FEATURES)


def test_one_click_on_a_sample_begins_a_job(visitor: Client) -> None:
    response = visitor.get("/")
    for offer in response.context["tries"]:
        fields = {name: field.initial for name, field in offer.form.fields.items() if field.initial is not None}
        data = fields | {"sample": offer.sample.slug, "connection": str(offer.connection.uuid)}
        assert visitor.post(f"/features/{offer.feature.slug}/", data).status_code == 302
    assert set(Job.objects.values_list("feature", flat=True)) == {"enlarge3", "matting", "denoise"}


def test_no_id_stands_on_the_page_twice(visitor: Client) -> None:
    ids = re.findall(r'\bid="([^"]+)"', visitor.get("/").content.decode())
    assert len(ids) == len(set(ids))


def test_the_first_tries_are_on_an_empty_studio_and_below_the_work_later(visitor: Client, alice: User) -> None:
    assert "Recent jobs" not in visitor.get("/").content.decode()
    make_job(alice)
    page = visitor.get("/").content.decode()
    assert page.index("Recent jobs") < page.index("Try it on a sample")


def test_a_source_comes_along_to_the_feature(visitor: Client, alice: User) -> None:
    asset = make_upload(alice)
    page = visitor.get(f"/?source={asset.uuid}").content.decode()
    assert f'href="/features/denoise/?source={asset.uuid}"' in page


@pytest.mark.parametrize("source", ["nothing", "strangers"])
def test_a_source_that_is_not_ones_own_is_ignored(visitor: Client, bob: User, source: str) -> None:
    given = make_upload(bob).uuid if source == "strangers" else source
    response = visitor.get(f"/?source={given}")
    assert response.status_code == 200
    assert response.context["source"] is None


def test_the_number_of_jobs_costs_no_queries(
    visitor: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        make_job(alice)
    with django_assert_num_queries(4):  # session, user, connections, jobs
        visitor.get("/")
    for _ in range(5):
        make_job(alice)
    with django_assert_num_queries(4):
        visitor.get("/")
