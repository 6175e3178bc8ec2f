"""The expected responses of every URL, to GET and to POST, by the person who asks."""

from dataclasses import dataclass, fields

TO_LOGIN = "to login"
Outcome = int | str


@dataclass(frozen=True)
class Expected:
    """The expected responses of a view, by the person who asks."""

    anonymous: Outcome
    stranger: Outcome  # charlie, the owner of another team
    viewer: Outcome
    member: Outcome
    admin: Outcome
    owner: Outcome
    administrator: Outcome  # of the installation, without a membership
    teamless: Outcome


ROLES = [field.name for field in fields(Expected)]

TEAM_PAGE = Expected(TO_LOGIN, 404, 200, 200, 200, 200, 404, 404)
TEAM_REDIRECT = Expected(TO_LOGIN, 404, 302, 302, 302, 302, 404, 404)
FILE = Expected(404, 404, 200, 200, 200, 200, 404, 404)
ADMINS_PAGE = Expected(TO_LOGIN, 404, 403, 403, 200, 200, 404, 404)
ADMINISTRATORS_PAGE = Expected(TO_LOGIN, 403, 403, 403, 403, 403, 200, 403)
ADMINISTRATORS_FORM = Expected(TO_LOGIN, 403, 403, 403, 403, 403, 422, 403)
# Addresses from before there were teams. Those without a team get a page that says so.
OLD_PAGE = Expected(TO_LOGIN, 302, 302, 302, 302, 302, 200, 200)
OWN_PAGE = Expected(TO_LOGIN, *[200] * 7)
# The engine's API has no sessions: without a token it responds with code 30001 and HTTP 200.
API = Expected(*[200] * 8)
NO_TOKEN = Expected(*[401] * 8)
NOT_ALLOWED = Expected(TO_LOGIN, *[405] * 7)
OWN_MISSING = Expected(TO_LOGIN, *[404] * 7)
OWN_REDIRECT = Expected(TO_LOGIN, *[302] * 7)
OWN_REFUSED = Expected(TO_LOGIN, *[422] * 7)
NOBODYS = Expected(*[404] * 8)
FILE_NOT_ALLOWED = Expected(*[405] * 8)

# An empty form is invalid (422) unless the action needs no values (302).
MAKE = Expected(TO_LOGIN, 404, 403, 302, 302, 302, 404, 404)
MAKE_BY_FORM = Expected(TO_LOGIN, 404, 403, 422, 422, 422, 404, 404)
MANAGE_BY_FORM = Expected(TO_LOGIN, 404, 403, 403, 422, 422, 404, 404)
MANAGE_PAGE = Expected(TO_LOGIN, 404, 403, 403, 200, 200, 404, 404)
MANAGE = Expected(TO_LOGIN, 404, 403, 403, 302, 302, 404, 404)
# Alice made the rows, so a member may only see them.
EDIT = Expected(TO_LOGIN, 404, 403, 403, 302, 302, 404, 404)
EDIT_BY_FORM = Expected(TO_LOGIN, 404, 403, 403, 422, 422, 404, 404)
EDIT_PAGE = Expected(TO_LOGIN, 404, 403, 403, 200, 200, 404, 404)
MAKERS = Expected(TO_LOGIN, 404, 403, 403, 403, 403, 404, 404)
OWNERS_PAGE = Expected(TO_LOGIN, 404, 403, 403, 403, 200, 404, 404)
NOT_FOUND = Expected(*[404] * 8)

# The responses to GET and to POST.
URLS = {
    "": (OLD_PAGE, NOT_ALLOWED),
    "features/<slug:slug>/": (OLD_PAGE, NOT_ALLOWED),
    "jobs/": (OLD_PAGE, NOT_ALLOWED),
    "gallery/": (OLD_PAGE, NOT_ALLOWED),
    "usage/": (OLD_PAGE, NOT_ALLOWED),
    "connections/": (OLD_PAGE, NOT_ALLOWED),
    "people/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "people/<int:person>/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "people/<int:person>/owner/": (NOT_ALLOWED, Expected(TO_LOGIN, 403, 403, 403, 403, 403, 404, 403)),
    "people/<int:person>/reset-link/": (NOT_ALLOWED, ADMINISTRATORS_PAGE),
    "people/<int:person>/export/": (NOT_ALLOWED, ADMINISTRATORS_PAGE),
    "people/<int:person>/delete/": (ADMINISTRATORS_PAGE, Expected(TO_LOGIN, 403, 403, 403, 403, 403, 302, 403)),
    "people/<int:person>/<slug:act>/": (NOT_ALLOWED, Expected(TO_LOGIN, 403, 403, 403, 403, 403, 302, 403)),
    "t/<slug:team>/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/features/<slug:slug>/": (TEAM_PAGE, MAKE_BY_FORM),
    "t/<slug:team>/pictures/convert/": (NOT_ALLOWED, MAKE_BY_FORM),
    "t/<slug:team>/jobs/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/gallery/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/usage/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/usage/refresh/": (NOT_ALLOWED, MAKE),
    "t/<slug:team>/usage/history/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/usage/history/csv/": (NOT_ALLOWED, TEAM_PAGE),
    "t/<slug:team>/usage/exports/add/": (NOT_ALLOWED, TEAM_REDIRECT),
    "t/<slug:team>/usage/statement/": (TEAM_PAGE, NOT_ALLOWED),
    # Another person's: each sees their own only.
    "usage/exports/<uuid:export>/": (OWN_MISSING, NOT_ALLOWED),
    "t/<slug:team>/usage/time-zone/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/usage/budgets/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/usage/budgets/add/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/usage/budgets/<uuid:budget>/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/usage/budgets/<uuid:budget>/delete/": (MANAGE_PAGE, MANAGE),
    "t/<slug:team>/usage/prices/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/usage/prices/<int:price>/delete/": (NOT_ALLOWED, MANAGE),
    "t/<slug:team>/connections/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/connections/add/": (TEAM_REDIRECT, MAKE_BY_FORM),
    "t/<slug:team>/people/": (TEAM_PAGE, NOT_ALLOWED),
    # Whoever manages people must administer the installation, too, to make accounts for others.
    "t/<slug:team>/people/add/": (TEAM_REDIRECT, MAKERS),
    "t/<slug:team>/people/invite/": (TEAM_REDIRECT, MANAGE_BY_FORM),
    "t/<slug:team>/people/invitations/<uuid:invitation>/revoke/": (NOT_ALLOWED, MANAGE),
    "t/<slug:team>/people/<int:member>/role/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "t/<slug:team>/people/<int:member>/remove/": (MANAGE_PAGE, MANAGE),
    "t/<slug:team>/leave/": (TEAM_PAGE, TEAM_REDIRECT),
    "t/<slug:team>/settings/": (OWNERS_PAGE, Expected(TO_LOGIN, 404, 403, 403, 403, 422, 404, 404)),
    "t/<slug:team>/delete/": (OWNERS_PAGE, Expected(TO_LOGIN, 404, 403, 403, 403, 302, 404, 404)),
    # The team is open.
    "t/<slug:team>/closed/": (Expected(TO_LOGIN, *[404] * 7), Expected(TO_LOGIN, *[404] * 7)),
    "teams/": (OWN_PAGE, Expected(TO_LOGIN, 403, 403, 403, 403, 403, 422, 403)),
    "invitations/<str:secret>/": (NOT_FOUND, NOT_FOUND),
    "jobs/<uuid:job>/": (TEAM_PAGE, NOT_ALLOWED),
    "jobs/<uuid:job>/progress/": (FILE, FILE_NOT_ALLOWED),
    "jobs/<uuid:active>/cancel/": (NOT_ALLOWED, EDIT),
    "jobs/<uuid:failed>/retry/": (NOT_ALLOWED, EDIT),
    "jobs/<uuid:failed>/when-short/": (NOT_ALLOWED, EDIT),
    "jobs/<uuid:job>/exceed-budget/": (NOT_ALLOWED, Expected(TO_LOGIN, 404, 403, 403, 403, 302, 404, 404)),
    "jobs/<uuid:job>/privacy/": (NOT_ALLOWED, MAKERS),
    "jobs/<uuid:job>/delete/": (EDIT_PAGE, EDIT),
    # Only the secret of a transform opens it.
    "hooks/<str:secret>/": (FILE_NOT_ALLOWED, Expected(*[404] * 8)),
    "gallery/<uuid:asset>/file/": (FILE, FILE_NOT_ALLOWED),
    "gallery/<uuid:asset>/<slug:size>.webp": (FILE, FILE_NOT_ALLOWED),
    "gallery/<uuid:asset>/delete/": (EDIT_PAGE, EDIT),
    "gallery/<uuid:asset>/privacy/": (NOT_ALLOWED, MAKERS),
    "t/<slug:team>/links/": (TEAM_PAGE, NOT_ALLOWED),
    "t/<slug:team>/links/add/": (Expected(TO_LOGIN, 404, 403, 200, 200, 200, 404, 404), MAKE_BY_FORM),
    "links/<uuid:link>/edit/": (EDIT_PAGE, EDIT),
    "links/<uuid:link>/revoke/": (EDIT_PAGE, EDIT),
    # Only the secret of a link opens it, for everybody.
    "s/<str:secret>/": (Expected(*[404] * 8), Expected(*[404] * 8)),
    "s/<str:secret>/<int:number>/<slug:part>.webp": (Expected(*[404] * 8), Expected(*[404] * 8)),
    "s/<str:secret>/<int:number>/<slug:part>/file/": (Expected(*[404] * 8), Expected(*[404] * 8)),
    "connections/<uuid:connection>/check/": (FILE, Expected(404, 404, 403, 302, 302, 302, 404, 404)),
    "connections/<uuid:connection>/edit/": (EDIT_PAGE, EDIT_BY_FORM),
    "connections/<uuid:connection>/spenders/": (NOT_ALLOWED, EDIT_BY_FORM),
    "connections/<uuid:connection>/history/": (MAKERS, MAKERS),
    "connections/<uuid:connection>/keeper/": (NOT_ALLOWED, EDIT_BY_FORM),
    "charges/<int:charge>/match/": (EDIT_PAGE, EDIT_BY_FORM),
    "usage-alerts/<uuid:alert>/dismiss/": (NOT_ALLOWED, EDIT),
    "connections/<uuid:connection>/share/": (MAKERS, MAKERS),
    "connections/<uuid:connection>/unshare/": (NOT_ALLOWED, MAKERS),
    "connections/<uuid:connection>/remove/": (EDIT_PAGE, EDIT),
    "login/": (Expected(200, *[302] * 7), Expected(422, *[302] * 7)),
    "login/code/": (Expected(*[302] * 8), Expected(*[302] * 8)),
    "login/passkey/": (Expected(*[302] * 8), Expected(*[302] * 8)),
    "login/inactive/": (Expected(*[403] * 8), FILE_NOT_ALLOWED),
    "login/with/<slug:provider_id>/": (NOBODYS, NOBODYS),
    "login/with/<slug:provider_id>/callback/": (NOBODYS, NOBODYS),
    "logout/": (FILE_NOT_ALLOWED, Expected(*[302] * 8)),
    "password/": (OWN_PAGE, OWN_REFUSED),
    "password/forgotten/": (Expected(*[200] * 8), Expected(*[422] * 8)),
    "password/new/<str:uidb36>/<str:key>/": (NOBODYS, NOBODYS),
    "sign-up/": (NOBODYS, NOBODYS),
    "sign-up/<str:key>/": (NOBODYS, NOBODYS),
    "account/": (OWN_PAGE, NOT_ALLOWED),
    "account/email/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/email/<str:key>/": (NOBODYS, NOBODYS),
    "account/sessions/end/": (NOT_ALLOWED, OWN_REDIRECT),
    "account/sessions/<int:pk>/end/": (NOT_ALLOWED, OWN_MISSING),
    "account/connected/<int:pk>/remove/": (NOT_ALLOWED, OWN_REDIRECT),
    "account/confirm/": (OWN_PAGE, OWN_REFUSED),
    # Nobody here has a second factor, and everybody is asked for the password first.
    "account/confirm/code/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/confirm/passkey/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/authenticator/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/authenticator/remove/": (OWN_MISSING, OWN_MISSING),
    "account/passkeys/add/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/passkeys/<int:pk>/rename/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/passkeys/<int:pk>/remove/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/recovery-codes/": (OWN_MISSING, NOT_ALLOWED),
    "account/recovery-codes/new/": (OWN_REDIRECT, OWN_REDIRECT),
    "account/recovery-codes/download/": (OWN_MISSING, OWN_MISSING),
    "setup/<str:secret>/": (Expected(*[404] * 8), Expected(*[404] * 8)),
    "t/<slug:team>/audit/": (ADMINS_PAGE, NOT_ALLOWED),
    "t/<slug:team>/audit/export/": (NOT_ALLOWED, ADMINS_PAGE),
    "audit/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "audit/export/": (NOT_ALLOWED, ADMINISTRATORS_PAGE),
    "engine-tokens/": (ADMINISTRATORS_PAGE, ADMINISTRATORS_FORM),
    "engine-tokens/<int:account>/": (ADMINISTRATORS_PAGE, ADMINISTRATORS_FORM),
    # Teams' own tokens can't be revoked.
    "engine-tokens/<int:account>/revoke/": (ADMINISTRATORS_PAGE, ADMINISTRATORS_FORM),
    "status/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "models/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "styleguide/": (ADMINISTRATORS_PAGE, NOT_ALLOWED),
    "account/tokens/": (OWN_PAGE, Expected(TO_LOGIN, *[422] * 7)),
    # Only the person's own.
    "account/tokens/<uuid:token>/revoke/": (NOT_ALLOWED, Expected(TO_LOGIN, 404, 404, 404, 404, 404, 404, 404)),
    "t/<slug:team>/webhooks/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "webhooks/<uuid:webhook>/": (MANAGE_PAGE, MANAGE_BY_FORM),
    "webhooks/<uuid:webhook>/take-over/": (NOT_ALLOWED, MANAGE),
    "webhooks/<uuid:webhook>/delete/": (MANAGE_PAGE, MANAGE),
    "webhooks/<uuid:webhook>/deliveries/<uuid:delivery>/send/": (NOT_ALLOWED, MANAGE),
    "api/v1/docs": (OWN_PAGE, NOT_ALLOWED),
    # The site's own API has no sessions: only a token opens it (tests/api/).
    "api/v1/me": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/features": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/usage": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/usage/records": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/pictures": (NO_TOKEN, NO_TOKEN),
    "api/v1/pictures/<uuidstr:picture_id>": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/pictures/<uuidstr:picture_id>/file": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/jobs": (NO_TOKEN, NO_TOKEN),
    "api/v1/jobs/<uuidstr:job_id>": (NO_TOKEN, FILE_NOT_ALLOWED),
    "api/v1/jobs/<uuidstr:job_id>/cancel": (FILE_NOT_ALLOWED, NO_TOKEN),
    "api/v1/jobs/<uuidstr:job_id>/retry": (FILE_NOT_ALLOWED, NO_TOKEN),
    "api/v1/openapi.json": (Expected(*[200] * 8), FILE_NOT_ALLOWED),
    "api/v1/": (Expected(*[404] * 8), FILE_NOT_ALLOWED),
    "web_api/v1/upload": (API, API),
    "web_api/v1/transform": (API, API),
    "web_api/v1/progress": (API, API),
    "web_api/v1/download": (API, API),
    "web_api/v1/cancel": (API, API),
    "web_api/v1/point": (API, API),
    "web_api/v1/points/record": (API, API),
    "web_api/v1/^(?P<path>.*)$": (API, API),
    "^web_api(?:/(?P<path>.*))?$": (API, API),
}
