"""Authenticator app, recovery codes, passkeys and a provider of OpenID Connect in a real browser."""

import base64
import hmac
import struct
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.visitor import Visitor
from tests.live_site import PASSWORD, LiveSite
from tests.oidc_provider import Provider

SECONDS_OF_A_CODE = 30


def compute_code(secret: str, *, later: int = 0) -> str:
    """Return what an authenticator app shows now, or so many codes later (RFC 6238)."""
    counter = struct.pack(">Q", int(time.time()) // SECONDS_OF_A_CODE + later)
    digest = hmac.digest(base64.b32decode(secret), counter, "sha1")
    start = digest[-1] & 15
    return str((struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF) % 10**6).zfill(6)


@pytest.fixture
def open_visitor(new_context: Any, troubles: Any, site: LiveSite) -> Any:
    """Return a function that opens a new browser at the site."""
    return lambda: Visitor(troubles.watch(new_context()).new_page(), site)


@pytest.fixture
def passkeys(page: Page) -> Iterator[Page]:
    """A page of a browser on a device that keeps passkeys and knows its owner's finger."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    device = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": device})
    yield page
    session.detach()


def sign_out(visitor: Visitor) -> None:
    visitor.find("#account-button").click()
    visitor.page.get_by_role("menu").or_(visitor.find("#account-menu")).get_by_role("button", name="Sign out").click()
    visitor.page.wait_for_url("**/login/")


def type_password(visitor: Visitor, name: str) -> None:
    visitor.go("/login/")
    visitor.find("#id_login").fill(name)
    visitor.find("#id_password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Sign in", exact=True).click()


def test_a_code_of_the_app_or_a_recovery_code_is_asked_for(site: LiveSite, open_visitor: Any, troubles: Any) -> None:
    site.add_person("tom")
    tom = open_visitor().log_in("tom").go("/account/")
    tom.page.get_by_role("link", name="Set up").click()
    expect(tom.find(".qr-code")).to_be_visible()
    secret = str(tom.find("#totp-secret").text_content())
    tom.page.get_by_label("Code").fill(compute_code(secret))
    tom.page.get_by_role("button", name="Set up").click()
    expect(tom.page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    codes = tom.find("#recovery-codes li").all_text_contents()
    assert len(codes) == 10
    sign_out(tom)

    type_password(tom, "tom")
    expect(tom.page.get_by_role("heading", level=1)).to_have_text("Second factor")
    troubles.expect("422")
    tom.page.get_by_label("Code").fill("000000")
    tom.page.get_by_role("button", name="Sign in").click()
    expect(tom.page.get_by_text("This code is wrong")).to_be_visible()
    # The code that set the app up was used with that; the next one is accepted already.
    tom.page.get_by_label("Code").fill(compute_code(secret, later=1))
    tom.page.get_by_role("button", name="Sign in").click()
    expect(tom.find("#account-button")).to_be_visible()
    sign_out(tom)

    other = open_visitor()
    for code, is_let_in in ((codes[0], True), (codes[0], False)):
        type_password(other, "tom")
        other.page.get_by_label("Code").fill(code.strip())
        other.page.get_by_role("button", name="Sign in").click()
        if is_let_in:
            expect(other.find("#account-button")).to_be_visible()
            sign_out(other)
        else:
            expect(other.page.get_by_text("This code is wrong")).to_be_visible()
    other.page.get_by_role("button", name="Cancel").click()
    expect(other.find("#id_login")).to_be_visible()


def test_a_passkey_signs_in_without_a_password(site: LiveSite, passkeys: Page) -> None:
    site.add_person("pat")
    pat = Visitor(passkeys, site).log_in("pat").go("/account/")
    pat.page.get_by_role("link", name="Add a passkey").click()
    pat.page.get_by_label("Name").fill("Work laptop")
    pat.page.get_by_role("button", name="Create the passkey").click()
    expect(pat.page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    sign_out(pat)

    # With the password, the passkey is the second factor.
    type_password(pat, "pat")
    pat.page.get_by_role("button", name="Use a passkey").click()
    expect(pat.find("#account-button")).to_be_visible()
    sign_out(pat)

    pat.go("/login/?next=/account/")
    pat.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(pat.find("#account-button")).to_be_visible()
    pat.go("/account/")
    expect(pat.page.get_by_text("Work laptop")).to_be_visible()
    pat.page.get_by_role("link", name="Rename").click()
    pat.page.get_by_label("Name").fill("Old laptop")
    pat.page.get_by_role("button", name="Rename").click()
    expect(pat.page.get_by_text("Old laptop")).to_be_visible()
    pat.find("#passkeys-title").locator("..").get_by_role("link", name="Remove").click()
    pat.page.get_by_role("button", name="Remove").click()
    expect(pat.page.get_by_text("The passkey is removed.")).to_be_visible()
    sign_out(pat)

    pat.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(pat.page.get_by_text("This passkey wasn't accepted.")).to_be_visible()


def test_a_site_opened_by_a_number_offers_no_passkeys_but_works(site: LiveSite, open_visitor: Any) -> None:
    visitor = open_visitor()
    assert site.url.startswith("http://localhost:")
    visitor.site = by_number = LiveSite.__new__(LiveSite)
    by_number.url = site.url.replace("localhost", "127.0.0.1")
    visitor.log_in("alice").go("/account/")
    expect(visitor.page.get_by_role("link", name="Add a passkey")).to_have_count(0)
    expect(visitor.page.get_by_text(f"Open {site.url} to use them")).to_be_visible()


def test_somebody_signs_in_with_the_companys_account(site: LiveSite, provider: Provider, page: Page) -> None:
    visitor = Visitor(page, site).go("/login/?next=/account/")
    visitor.page.get_by_role("button", name="Sign in with Company").click()
    visitor.page.wait_for_url(f"{provider.url}/**")
    visitor.find("#id_username").fill("alice")
    visitor.find("#id_password").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Enter").click()
    visitor.page.wait_for_url(f"{site.url}/account/")
    expect(visitor.page.get_by_text("alice@studio.example")).to_be_visible()
    connected = visitor.find("#connected-title").locator("..")
    expect(connected.get_by_role("button", name="Remove")).to_be_visible()
    expect(connected.get_by_role("button", name="Connect")).to_have_count(0)


def test_a_browser_is_signed_out_from_another(site: LiveSite, open_visitor: Any) -> None:
    site.add_person("sid")
    here, there = open_visitor().log_in("sid"), open_visitor().log_in("sid")
    here.go("/account/")
    sessions = here.find("#sessions-title").locator("..")
    expect(sessions.get_by_text("This browser")).to_be_visible()
    expect(sessions.get_by_text("Chrome on Linux")).to_have_count(2)
    sessions.get_by_role("button", name="Sign out", exact=True).click()
    expect(here.page.get_by_text("That browser is signed out.")).to_be_visible()
    there.go("/account/")
    there.page.wait_for_url("**/login/?next=/account/")
