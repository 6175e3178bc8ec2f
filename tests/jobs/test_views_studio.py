"""The studio's home page."""

import re

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests.factories import make_job, make_private, make_upload
from vanceweb.catalogue.features import FEATURES
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User


def test_every_feature_is_there_in_its_group(visitor: Client) -> None:
    response = visitor.get("/t/studio/")
    groups = response.context["feature_groups"]
    assert [group.group.label for group in groups] == ["Enhance", "Cut out", "Restore", "Stylise", "Optimise"]
    assert [feature for group in groups for feature in group.features] == list(FEATURES)
    page = response.content.decode()
    assert all(f'href="/t/studio/features/{feature.slug}/"' in page for feature in FEATURES)


def test_one_click_on_a_sample_starts_a_job(visitor: Client) -> None:
    response = visitor.get("/t/studio/")
    for offer in response.context["sample_offers"]:
        fields = {name: field.initial for name, field in offer.form.fields.items() if field.initial is not None}
        data = fields | {"sample": offer.sample.slug, "connection": str(offer.connection.uuid)}
        assert visitor.post(f"/t/studio/features/{offer.feature.slug}/", data).status_code == 302
    assert set(Job.objects.values_list("feature", flat=True)) == {"enlarge3", "matting", "denoise"}


def test_ids_on_the_page_are_unique(visitor: Client) -> None:
    ids = re.findall(r'\bid="([^"]+)"', visitor.get("/t/studio/").content.decode())
    assert len(ids) == len(set(ids))


def test_sample_offers_come_first_in_an_empty_studio_and_last_once_there_are_jobs(visitor: Client, alice: User) -> None:
    assert "Recent jobs" not in visitor.get("/t/studio/").content.decode()
    make_job(alice)
    page = visitor.get("/t/studio/").content.decode()
    assert page.index("Recent jobs") < page.index("Try it on a sample")


def test_links_pass_the_source_on_to_the_features(visitor: Client, alice: User) -> None:
    asset = make_upload(alice)
    page = visitor.get(f"/t/studio/?source={asset.uuid}").content.decode()
    assert f'href="/t/studio/features/denoise/?source={asset.uuid}"' in page


def test_a_picture_of_the_team_can_be_the_source(visitor: Client, bob: User) -> None:
    asset = make_upload(bob)
    assert visitor.get(f"/t/studio/?source={asset.uuid}").context["source"] == asset


@pytest.mark.parametrize("source", ["nothing", "strangers", "private"])
def test_a_strangers_a_private_or_a_malformed_source_is_ignored(
    visitor: Client, bob: User, charlie: User, source: str
) -> None:
    assets = {"strangers": make_upload(charlie), "private": make_upload(bob)}
    make_private(assets["private"], bob)
    given = assets[source].uuid if source in assets else source
    response = visitor.get(f"/t/studio/?source={given}")
    assert response.status_code == 200
    assert response.context["source"] is None


@pytest.mark.parametrize("page", ["", "features/enlarge3/", "jobs/"])
def test_old_addresses_lead_to_the_persons_team_and_keep_the_query(visitor: Client, page: str) -> None:
    assert visitor.get(f"/{page}?source=1&a=b")["Location"] == f"/t/studio/{page}?source=1&a=b"


def test_the_number_of_queries_is_independent_of_the_number_of_jobs(
    visitor: Client, alice: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        make_job(alice)
    with django_assert_num_queries(7):  # session, user, membership, connections, jobs, refused tokens, alerts
        visitor.get("/t/studio/")
    for _ in range(5):
        make_job(alice)
    with django_assert_num_queries(7):
        visitor.get("/t/studio/")
