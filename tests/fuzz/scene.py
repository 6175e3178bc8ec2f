"""The installation of the fuzz run: people with objects, and a stranger whose objects nobody else may see."""

from dataclasses import dataclass, field

from django.conf import settings
from django.test import Client

from tests.conftest import as_actor, make_picture_file
from tests.factories import make_charge, make_hosted_connection, make_job, make_upload
from tests.fuzz.forms import Form, find_forms
from vanceweb.catalogue.features import FEATURES
from vanceweb.engine.accounts import create_account, find_account
from vanceweb.engine.models import Transform, Upload
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

PICTURE = make_picture_file().getvalue()

ROUTES = {"jobs": Job, "gallery": Asset, "connections": Connection}
# In every name of the stranger's, and in no request.
MARKER = "hidden-from-all-others"
PAGES = ["", "jobs/", "gallery/", "usage/", "connections/", "people/"]


@dataclass
class Scene:
    """What requests can name. The `hidden_uids` are ids that no request names."""

    sessions: dict[str | None, str]
    token: str
    foreign_token: str
    uuids: list[str] = field(default_factory=list)
    # The same by the beginning of their addresses.
    uuids_of_route: dict[str, list[str]] = field(default_factory=dict)
    foreign_uuids: list[str] = field(default_factory=list)
    uids: list[str] = field(default_factory=list)
    foreign_uids: list[str] = field(default_factory=list)
    hidden_uids: list[str] = field(default_factory=list)
    trans_ids: list[str] = field(default_factory=list)
    foreign_trans_ids: list[str] = field(default_factory=list)
    forms: list[Form] = field(default_factory=list)
    form_fields: list[str] = field(default_factory=list)

    def open_client(self, person: str | None) -> Client:
        """Return a new browser of the person, since a request can sign them out."""
        client = Client(raise_request_exception=False)
        if person is not None:
            client.cookies[settings.SESSION_COOKIE_NAME] = self.sessions[person]
        return client


def build_scene(alice: User, bob: User, charlie: User) -> Scene:
    """Create the objects, and read the forms of the pages."""
    sessions: dict[str | None, str] = {}
    for person in (alice, bob):
        (client := Client()).force_login(person)
        sessions[person.username] = client.session.session_key or ""
    scene = Scene(sessions, create_account(name="Fuzz", credits=5), create_account(name="Foreign", credits=5))
    for person, uuids, prefix in ((alice, scene.uuids, "cat"), (charlie, scene.foreign_uuids, MARKER)):
        make_charge(person)
        source = make_upload(person, name=f"{prefix}.png")
        make_job(person, source=source)
        make_job(person, source=source, state=Job.State.QUEUED)
        make_job(person, source=source, state=Job.State.FAILED, error=f"It failed: {prefix}")
        make_hosted_connection(person, name=f"Plan {prefix}", last_error=f"Odd {prefix}")
        rows = {"team": as_actor(person).team}
        for model in ROUTES.values():
            uuids += [str(uuid) for uuid in model.objects.filter(**rows).values_list("uuid", flat=True)]  # type: ignore[attr-defined]
    for route, model in ROUTES.items():
        found = model.objects.filter(uuid__in=scene.uuids).values_list("uuid", flat=True)  # type: ignore[attr-defined]
        scene.uuids_of_route[route] = [str(uuid) for uuid in found]
    _create_transforms(scene.token, scene.uids, scene.trans_ids)
    _create_transforms(scene.foreign_token, scene.foreign_uids, scene.foreign_trans_ids)
    # One that no request names, so that it can only come from a leak.
    _create_transforms(scene.foreign_token, scene.hidden_uids, scene.hidden_uids)
    pages = [f"/t/studio/{page}" for page in PAGES] + [f"/t/studio/features/{feature.slug}/" for feature in FEATURES]
    pages += [f"/jobs/{uuid}/" for uuid in scene.uuids_of_route["jobs"]]
    pages += [f"/connections/{uuid}/edit/" for uuid in scene.uuids_of_route["connections"]]
    for page in [*pages, "/password/"]:
        scene.forms += find_forms(page, scene.open_client("alice").get(page).content.decode())
    scene.form_fields = sorted({name for form in scene.forms for name in [*form.values, *form.files]})
    return scene


def _create_transforms(token: str, uids: list[str], trans_ids: list[str]) -> None:
    account = find_account(token)
    assert account is not None
    upload = Upload.objects.create(account=account, name="x.png", format="PNG", width=24, height=16, filesize=99)
    uids.append(upload.uid)
    for state in Transform.State:
        ended: dict[str, object] = {"message": "It ended."}
        if state == Transform.State.FINISHED:
            ended |= {"result_attempt": 1, "attempts": 1, "format": "png"}
        transform = Transform.objects.create(
            account=account, upload=upload, uid=upload.uid, jconfig="{}", job="denoise", cost=1, state=state, **ended
        )
        trans_ids.append(transform.trans_id)
