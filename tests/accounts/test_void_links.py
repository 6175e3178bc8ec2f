"""Links that open nothing any more say so, and lead to where a new one comes from."""

from typing import Any

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "way_out"),
    [
        ("/password/new/x/y/", "/password/forgotten/"),
        ("/sign-up/old/", "/sign-up/"),
        ("/account/email/old/", "/account/email/"),
    ],
)
def test_a_void_link_says_so_and_leads_to_a_new_one(address: str, way_out: str, client: Client, settings: Any) -> None:
    settings.HAS_MAIL, settings.SIGN_UP, settings.SIGN_UP_DOMAINS = True, "domains", ["studio.example"]
    answer = client.get(address)
    assert answer.status_code == 404
    page = answer.content.decode()
    assert "This link doesn&#x27;t work any more" in page or "This link doesn't work any more" in page
    assert f'href="{way_out}"' in page
