"""Cursors of lists: text that no page gave as its cursor is answered like a page that doesn't exist."""

import pytest
from django.test import Client

from tests.factories import make_charge, make_job
from vanceweb.teams.models import User


@pytest.mark.parametrize("page", ["jobs", "gallery", "usage/history"])
@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "2026-01-01T00:00:00_1",
        "2026-01-01T00:00:00+00:00_x",
        "2026-01-01T00:00:00+00:00_-1",
        "0001-01-01T00:00:00+14:00_1",
        "9999-12-31T23:59:59-14:00_1",
        f"2026-01-01T00:00:00+00:00_{2**63}",
        f"2026-01-01T00:00:00+00:00_{'9' * 5000}",
        "2026-01-01T00:00:00+00:00_1\x00",
        "2026-01-01T00:00:00+00:00\x00_1",
        "\x00",
        "_",
        "0001-01-01T00:00:00_1",
        "9999-12-31T23:59:59.999999_1",
        "0000-01-01T00:00:00+00:00_1",
        "10000-01-01T00:00:00+00:00_1",
        "-9999-01-01T00:00:00+00:00_1",
        "9999-12-31T23:59:59.999999-23:59_1",
        "2026-01-01T00:00:00+24:00_1",
    ],
)
def test_a_list_has_no_page_after_a_bad_cursor(page: str, cursor: str, alice: User, client: Client) -> None:
    client.force_login(alice)
    assert client.get(f"/t/studio/{page}/", {"after": cursor}).status_code == 404


@pytest.mark.parametrize("page", ["jobs", "gallery", "usage/history"])
@pytest.mark.parametrize("cursor", ["0001-01-01T00:00:00+00:00_1", "9999-12-31T23:59:59.999999+14:00_1"])
def test_the_first_and_the_last_moment_are_cursors(page: str, cursor: str, alice: User, client: Client) -> None:
    make_job(alice)
    make_charge(alice)
    client.force_login(alice)
    response = client.get(f"/t/studio/{page}/", {"after": cursor}, follow=True)
    # A page without rows leads to the first one.
    assert (response.status_code, len(response.redirect_chain) <= 1) == (200, True)
