"""The table of pages that the walk visits, and the URLs that have no page."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import resolve
from playwright.sync_api import Page as Tab

from tests.browser.walk_data import LOCKED_NAME
from tests.live_site import PASSWORD
from vanceweb.catalogue.features import FEATURES

STATES = ("empty", "one", "many")
MANY = ("many",)
# Before there is anybody: the set-up link is open.
UNOPENED = ("unopened",)
ANYBODY = ""
# Whose pages they are. In a state with a team of its own, its owner.
OWNERS = {"empty": "emma", "one": "otto", "many": "alice"}
OWNER = "owner"


@dataclass(frozen=True)
class Page:
    """A page as somebody sees it. `act` is what they do after they opened the path; `status` answers that.

    `like` names a page that is built in the same way: then the short walk opens this one in one variant only.
    """

    name: str
    # With values in braces, which the data give (see walk_data).
    path: str
    status: int = 200
    person: str = OWNER
    states: tuple[str, ...] = MANY
    act: Callable[[Tab], None] | None = None
    like: str = ""

    def get_person(self, state: str) -> str:
        return OWNERS[state] if self.person == OWNER else self.person

    def get_url_name(self) -> str:
        """Return the name of the URL that the path leads to; empty for a path that leads nowhere."""
        if self.status == 404:
            return ""
        any_uuid = "00000000-0000-4000-8000-000000000000"
        path = self.path.split("?")[0].replace("{team}", "team").replace("{secret}", "secret")
        path = (
            path.replace("{member}", "1")
            .replace("{person}", "1")
            .replace("{charge}", "1")
            .replace("{closed}", "team")
            .replace("{invitation}", "secret")
        )
        while "{" in path:
            path = path[: path.index("{")] + any_uuid + path[path.index("}") + 1 :]
        return resolve(path).url_name or ""


def submit(form: str, values: dict[str, str] | None = None) -> Callable[[Tab], None]:
    """Send the form `form` with the values as a browser without scripts does: unchecked, and as a whole page."""

    def act(tab: Tab) -> None:
        with tab.expect_navigation():
            tab.locator(form).first.evaluate(
                """(form, values) => {
                  for (const [name, value] of Object.entries(values)) form.elements[name].value = value;
                  HTMLFormElement.prototype.submit.call(form); }""",
                values or {},
            )

    return act


def confirm_password(tab: Tab) -> None:
    """Show that it is them where the site asks, which it does once in some minutes."""
    if tab.locator("main #id_password").count():
        submit("main form", {"password": PASSWORD})(tab)


def submit_without_token(tab: Tab) -> None:
    """Send the form of the page without the token that tells it from another site's."""
    tab.locator("[name=csrfmiddlewaretoken]").first.evaluate("input => input.remove()")
    submit("form")(tab)


def submit_too_many_fields(tab: Tab) -> None:
    """Send more fields than the site reads."""
    tab.locator("form").evaluate(
        """form => { for (let number = 0; number < 1100; number++)
          form.append(Object.assign(document.createElement("input"), { type: "hidden", name: `field${number}` })); }"""
    )
    submit("form")(tab)


def open_older(tab: Tab) -> None:
    """Open the next page of a list."""
    older = tab.locator("main a[href*='after=']").last.evaluate("link => link.href")
    tab.goto(older)


def open_menu(tab: Tab) -> None:
    tab.locator("#account-button").click()


def open_installation_menu(tab: Tab) -> None:
    open_menu(tab)
    tab.locator("#account-menu summary").click()


def open_tile_menu(tab: Tab) -> None:
    tab.locator(".gallery-more").first.click()


def open_shortcuts(tab: Tab) -> None:
    tab.keyboard.press("?")


def open_delete_dialog(tab: Tab) -> None:
    tab.get_by_role("link", name="Delete").click()


def open_figures(tab: Tab) -> None:
    """Open the table that a chart is drawn from."""
    tab.locator("usage-chart summary").click()


def open_period(tab: Tab) -> None:
    tab.locator("#period-button").click()


TEAM = "/t/{team}/"
FEATURE = TEAM + "features/enlarge3/"
WRONG = {"login": "nobody", "password": "wrong"}
UNEQUAL = {"username": "alice", "password1": "correct horse", "password2": "battery staple"}
# The one that is used most, and those with the rarer controls: a colour, and pictures as guides.
SHOWN_FEATURES = ("enlarge3", "matting", "img2anime")
# The jobs of the data, and the one whose page each resembles.
JOBS = {
    "done": "", "long": "", "wide": "job-done", "workflow": "", "private": "job-done", "without_result": "",
    "without_source": "", "failed": "", "failed_download": "job-failed", "failed_settings": "",
    "failed_credits": "", "held_for_budget": "",
    "cancelled": "job-failed", "held": "", "running": "", "downloading": "job-running", "starting": "job-waiting",
    "waiting": "",
}  # fmt: skip

PAGES: tuple[Page, ...] = (
    Page("setup", "/setup/{secret}/", person=ANYBODY, states=UNOPENED),
    Page("setup-refused", "/setup/{secret}/", 422, ANYBODY, UNOPENED, submit("form", UNEQUAL)),
    Page("login-nobody-yet", "/login/", person=ANYBODY, states=UNOPENED),
    Page("login", "/login/", person=ANYBODY),
    Page("login-refused", "/login/", 422, ANYBODY, act=submit("form", WRONG)),
    Page("locked-out", "/login/", 429, ANYBODY, act=submit("form", WRONG | {"login": LOCKED_NAME})),
    Page("form-of-another-site", "/login/", 403, ANYBODY, act=submit_without_token),
    Page("bad-request", "/login/", 400, ANYBODY, act=submit_too_many_fields),
    Page("no-team", "/", person="nora"),
    Page("not-allowed", "/models/", 403, person="nora"),
    Page("not-found", "/nowhere/", 404),
    Page("studio", TEAM, states=STATES),
    Page("studio-of-viewer", TEAM, person="vera", like="studio"),
    Page("studio-with-source", TEAM + "?source={source}"),
    Page("account-menu", TEAM, act=open_menu),
    Page("account-menu-installation", TEAM, act=open_installation_menu),
    Page("shortcuts", TEAM, act=open_shortcuts),
    *(
        Page(f"feature-{slug}", f"{TEAM}features/{slug}/", like="" if slug in SHOWN_FEATURES else "feature-enlarge3")
        for slug in (feature.slug for feature in FEATURES)
    ),
    Page("feature-of-viewer", FEATURE, person="vera", like="feature-enlarge3"),
    Page("feature-again", FEATURE + "?from={done}", like="feature-enlarge3"),
    Page("feature-short", FEATURE + "?from={failed_credits}"),
    Page("feature-with-sample", FEATURE + "?sample=astronaut"),
    Page("feature-refused", FEATURE, 422, act=submit("#feature-form", {"dpi": "9999"})),
    Page(
        "feature-no-connection", FEATURE, 422, act=submit("#feature-form", {"connection": ""}), like="feature-refused"
    ),
    Page("jobs", TEAM + "jobs/", states=STATES),
    Page("jobs-mine", TEAM + "jobs/?person=me", like="jobs"),
    Page("jobs-older", TEAM + "jobs/", act=open_older, like="jobs"),
    *(Page(f"job-{name.replace('_', '-')}", f"/jobs/{{{name}}}/", like=like) for name, like in JOBS.items()),
    Page("job-of-viewer", "/jobs/{done}/", person="vera", like="job-done"),
    Page("job-delete-dialog", "/jobs/{done}/", act=open_delete_dialog),
    Page("job-delete", "/jobs/{done}/delete/"),
    Page("job-delete-failed", "/jobs/{failed}/delete/", like="job-delete"),
    Page("gallery", TEAM + "gallery/", states=STATES),
    Page("gallery-mine", TEAM + "gallery/?person=me", like="gallery"),
    Page("gallery-no-match", TEAM + "gallery/?q=nothing&person=me"),
    Page("gallery-older", TEAM + "gallery/", act=open_older, like="gallery"),
    Page("gallery-tile-menu", TEAM + "gallery/", act=open_tile_menu),
    Page("gallery-delete", "/gallery/{asset}/delete/"),
    Page("links", TEAM + "links/", states=STATES),
    Page("links-of-viewer", TEAM + "links/", person="vera", like="links"),
    Page("link-add", TEAM + "links/add/?picture={asset}"),
    Page("link-add-refused", TEAM + "links/add/", 422, act=submit("main form"), like="link-add"),
    Page("link-edit", "/links/{link}/edit/"),
    Page("link-edit-refused", "/links/{link}/edit/", 422, act=submit("main form", {"password": "short"})),
    Page("link-revoke", "/links/{link}/revoke/"),
    Page("share", "/s/{share}/", person=ANYBODY),
    Page("share-with-password", "/s/{locked_share}/", person=ANYBODY),
    Page("share-refused", "/s/{locked_share}/", 422, ANYBODY, act=submit("form", {"password": "wrong"})),
    Page("share-missing", "/s/nothing/", 404, ANYBODY),
    Page("usage", TEAM + "usage/", states=STATES),
    Page("usage-mine", TEAM + "usage/?person=me", like="usage"),
    Page("usage-of-viewer", TEAM + "usage/", person="vera", like="usage"),
    Page("usage-private", TEAM + "usage/?scope=private", like="usage"),
    Page("usage-by-month", TEAM + "usage/?period=12-months&by=person"),
    Page("usage-table", TEAM + "usage/?period=7-days", act=open_figures, like="usage"),
    Page("usage-period", TEAM + "usage/", act=open_period, like="usage"),
    Page("usage-refused", TEAM + "usage/?from=yesterday", 422, like="usage"),
    Page("usage-history", TEAM + "usage/history/", states=STATES),
    Page("usage-history-older", TEAM + "usage/history/", act=open_older, like="usage-history"),
    Page("usage-history-nothing", TEAM + "usage/history/?q=nothing&match=foreign", like="usage-history"),
    Page("usage-history-refused", TEAM + "usage/history/?from=2026-02-01&to=2026-01-01", 422, like="usage-history"),
    Page("usage-statement", TEAM + "usage/statement/", states=STATES),
    Page("charge-match", "/charges/{charge}/match/"),
    Page("charge-match-refused", "/charges/{charge}/match/", 422, act=submit("main form")),
    Page("team-zone", TEAM + "usage/time-zone/"),
    Page("team-zone-refused", TEAM + "usage/time-zone/", 422, act=submit("main form", {"time_zone": "Moon"})),
    Page("connection-history", "/connections/{connection}/history/"),
    Page(
        "connection-history-refused",
        "/connections/{connection}/history/",
        422,
        act=submit("main form", {"billing_day": "40"}),
    ),
    Page("budgets", TEAM + "usage/budgets/", states=STATES),
    Page("budgets-of-member", TEAM + "usage/budgets/", person="bob", like="budgets"),
    Page("budget-add", TEAM + "usage/budgets/add/"),
    Page("budget-add-refused", TEAM + "usage/budgets/add/", 422, act=submit("main form", {"credits": "0"})),
    Page("budget-edit", TEAM + "usage/budgets/{budget}/"),
    Page("budget-edit-refused", TEAM + "usage/budgets/{budget}/", 422, act=submit("main form", {"credits": ""})),
    Page("budget-delete", TEAM + "usage/budgets/{budget}/delete/"),
    Page("credit-prices", TEAM + "usage/prices/", states=STATES),
    Page("credit-prices-refused", TEAM + "usage/prices/", 422, act=submit("main form.card", {"price": ""})),
    Page("connections", TEAM + "connections/", states=STATES),
    Page("connections-of-viewer", TEAM + "connections/", person="vera", like="connections"),
    Page("connections-refused", TEAM + "connections/", 422, act=submit("main form[action$='/add/']", {"name": ""})),
    Page("connection-edit", "/connections/{connection}/edit/"),
    Page("connection-edit-bundled", "/connections/{bundled}/edit/", like="connection-edit"),
    Page("connection-edit-refused", "/connections/{connection}/edit/", 422, act=submit("main form", {"name": ""})),
    Page("connection-edit-shared", "/connections/{shared_connection}/edit/"),
    Page("connection-edited", "/connections/{connection}/edit/", act=submit("main form")),
    Page("connection-share", "/connections/{connection}/share/"),
    Page("connection-remove", "/connections/{connection}/remove/"),
    Page("people", TEAM + "people/", states=STATES),
    Page("people-of-viewer", TEAM + "people/", person="vera", like="people"),
    Page("people-refused", TEAM + "people/", 422, act=submit("main form[action$='/add/']", UNEQUAL)),
    Page("invitation-created", TEAM + "people/", act=submit("#invite")),
    Page("member-role", TEAM + "people/{member}/role/"),
    Page("member-remove", TEAM + "people/{member}/remove/"),
    Page("team-leave", TEAM + "leave/", person="bob"),
    Page("team-leave-of-last-owner", TEAM + "leave/", states=("one",), like="team-leave"),
    Page("teams", "/teams/"),
    Page("team-settings", TEAM + "settings/"),
    Page("team-delete", TEAM + "delete/"),
    Page("team-closed", "/t/{closed}/closed/"),
    Page("invitation", "/invitations/{invitation}/", person=ANYBODY),
    Page("invitation-signed-in", "/invitations/{invitation}/"),
    Page("team-audit", TEAM + "audit/", states=STATES),
    Page("team-audit-filtered", TEAM + "audit/?what=member&person=nobody"),
    Page("team-audit-refused", TEAM + "audit/?since=2026-02-02&until=2026-02-01", 422),
    Page("audit", "/audit/", like="team-audit"),
    Page("status", "/status/"),
    Page("engine-tokens", "/engine-tokens/"),
    Page("engine-token-made", "/engine-tokens/", act=submit("#make", {"name": "Shop", "credits": "5"})),
    Page("engine-token-refused", "/engine-tokens/", 422, act=submit("#make", {"name": ""}), like="engine-tokens"),
    Page("engine-token", "/engine-tokens/1/"),
    Page("engine-token-revoke", "/engine-tokens/1/revoke/", like="connection-remove"),
    Page("installation-people", "/people/"),
    Page("installation-people-none", "/people/?q=nobody-of-this-name"),
    Page("person", "/people/{person}/"),
    Page(
        "person-reset-link", "/people/{person}/", act=submit("form[action$='/reset-link/']"), like="invitation-created"
    ),
    Page("person-delete", "/people/{person}/delete/"),
    Page("models", "/models/"),
    Page("api-tokens", "/account/tokens/"),
    Page("api-tokens-none", "/account/tokens/", person="vera", like="api-tokens"),
    Page("api-token-made", "/account/tokens/", act=submit("main form.card", {"name": "nightly"})),
    Page("api-tokens-refused", "/account/tokens/", 422, act=submit("main form.card", {"name": ""})),
    Page("api-docs", "/api/v1/docs"),
    Page("webhooks", TEAM + "webhooks/", states=STATES),
    Page("webhooks-refused", TEAM + "webhooks/", 422, act=submit("main form.card", {"name": ""})),
    Page("webhook", "/webhooks/{webhook}/"),
    Page("webhook-delete", "/webhooks/{webhook}/delete/"),
    Page("style-guide", "/styleguide/"),
    Page("forgotten", "/password/forgotten/", person=ANYBODY),
    Page("inactive", "/login/inactive/", 403, ANYBODY, like="forgotten"),
    Page("account", "/account/"),
    Page("account-email", "/account/email/", act=confirm_password),
    Page("account-email-asked", "/account/email/?ask=1", act=confirm_password),
    Page("account-confirm", "/account/confirm/"),
    Page("account-confirm-refused", "/account/confirm/", 422, act=submit("main form", {"password": "wrong"})),
    Page("authenticator", "/account/authenticator/", act=confirm_password),
    Page("passkey-add", "/account/passkeys/add/", act=confirm_password),
    Page("password", "/password/"),
    Page("password-refused", "/password/", 422, act=submit("main form", {"old_password": "wrong"})),
)

# The named URLs that no row opens, and why.
URLS_WITHOUT_PAGE = {
    "asset-file": "a picture",
    "asset-thumbnail": "a picture",
    "share-preview": "a picture",
    "share-file": "a picture",
    "job-progress": "a fragment of the job's page",
    "connection-check": "a fragment of the connections' page",
    "job-cancel": "only accepts forms, and redirects",
    "job-retry": "only accepts forms, and redirects",
    "job-exceed-budget": "only accepts forms, and redirects",
    "job-when-short": "only accepts forms, and redirects",
    "credit-price-delete": "only accepts forms, and redirects",
    "job-privacy": "only accepts forms, and redirects",
    "asset-privacy": "only accepts forms, and redirects",
    "usage-alert-dismiss": "only accepts forms, and redirects",
    "usage-refresh": "only accepts forms, and redirects",
    "usage-history-csv": "only accepts forms, and sends a file",
    "usage-export-add": "only accepts forms, and redirects",
    "usage-export": "a file",
    "connection-unshare": "only accepts forms, and redirects",
    "connection-spenders": "only accepts forms; its form is on `connection-edit`",
    "connection-keeper": "only accepts forms; its form is on `connection-edit`",
    "logout": "only accepts forms, and redirects",
    "account_login": "another name of `login`",
    "mfa_index": "another name of `account`",
    "mfa_list_webauthn": "another name of `account`",
    "socialaccount_connections": "another name of `account`",
    "account-session-end": "only accepts forms, and redirects",
    "account-sessions-end": "only accepts forms, and redirects",
    "account-connected-remove": "only accepts forms, and redirects",
    "openid_connect_login": "leads to a provider; tests/accounts/test_oidc.py",
    "openid_connect_callback": "is where a provider leads back to; tests/accounts/test_oidc.py",
    "mfa_download_recovery_codes": "a file of text",
    "mfa_login_webauthn": "is called by the script of the sign-in page",
    # The walk is at one moment of a sign-in or of an account; test_second_factors.py goes through them.
    "mfa_authenticate": "needs a second factor, see tests/browser/test_second_factors.py",
    "mfa_reauthenticate": "needs a second factor, see tests/browser/test_second_factors.py",
    "mfa_reauthenticate_webauthn": "needs a passkey, see tests/browser/test_second_factors.py",
    "mfa_deactivate_totp": "needs a second factor, see tests/browser/test_second_factors.py",
    "mfa_edit_webauthn": "needs a passkey, see tests/browser/test_second_factors.py",
    "mfa_remove_webauthn": "needs a passkey, see tests/browser/test_second_factors.py",
    "mfa_view_recovery_codes": "needs a second factor, see tests/browser/test_second_factors.py",
    "mfa_generate_recovery_codes": "needs a second factor, see tests/browser/test_second_factors.py",
    "account_reset_password_from_key": "needs the link that is handed out",
    "account-email-confirm": "needs the link from a mail",
    "sign-up": "needs a mail server",
    "sign-up-finish": "needs the link from a mail",
    "people-invite": "redirects; its answer is the row `invitation-created`",
    "person-reset-link": "only accepts forms; its answer is the row `person-reset-link`",
    "person-act": "only accepts forms, and redirects",
    "person-owner": "only accepts forms, and redirects",
    "person-export": "only accepts forms, and sends an archive",
    "invitation-revoke": "only accepts forms, and redirects",
    "api-token-revoke": "only accepts forms, and redirects",
    "webhook-send-again": "only accepts forms, and redirects",
    "webhook-take-over": "only accepts forms, and redirects",
    "people-add": "redirects; a refused form is the row `people-refused`",
    "connection-add": "redirects; a refused form is the row `connections-refused`",
    "audit-export": "a file",
    "team-audit-export": "a file",
    "job-hook": "is called by services",
    **dict.fromkeys(
        ("openapi-json", "api-root", "get_me", "list_features", "add_picture", "list_pictures", "get_picture"),
        "is called by programs",
    ),
    **dict.fromkeys(
        (
            "delete_picture",
            "download_picture",
            "add_job",
            "list_jobs",
            "get_job",
            "cancel",
            "retry",
        ),
        "is called by programs",
    ),
    **dict.fromkeys(("get_usage", "list_usage_records"), "is called by programs"),
    "convert-picture": "is called by the stage of a feature's page",
}
