"""The data on the pages of the walk: teams with no, one and many jobs, in the database of a site without workers.

`print_filled` runs inside `manage.py shell`, since the database isn't that of the tests.
"""

import io
import json
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageOps

from tests.api.conftest import issue_token
from tests.api.factories import make_webhook
from tests.browser.usage_data import make_charges_of_months
from tests.conftest import PASSWORD, as_actor, get_bundled
from tests.factories import (
    make_alert,
    make_charge,
    make_hosted_connection,
    make_job,
    make_private,
    make_result,
    make_upload,
)
from vanceweb.api.models import Webhook
from vanceweb.budgets.models import Budget, Reservation
from vanceweb.budgets.prices import set_price
from vanceweb.budgets.services import BudgetValues, create_budget
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.link_services import create_link, revoke_link
from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.ops.services import create_person, open_team, set_up_installation
from vanceweb.ops.team_deletion import close_team
from vanceweb.teams.access import Actor
from vanceweb.teams.invitations import create_invitation
from vanceweb.teams.models import Role, User
from vanceweb.teams.services import create_user
from vanceweb.usage.models import UsageExport
from vanceweb.usage.sums import recompute_days
from vanceweb.vault.models import Connection

PHOTOS = Path(__file__).parent.parent / "photos"
# The photo, width and height of a result, px: of every shape that people have.
SHAPES = (
    ("astronaut.png", 400, 400), ("chelsea.png", 450, 300), ("rocket.jpg", 240, 480), ("coffee.png", 600, 400),
    ("china.jpg", 640, 160), ("flower.jpg", 300, 225), ("camera.png", 256, 256), ("clock_motion.png", 40, 30),
)  # fmt: skip
LONG_NAME = "a-very-long-name-from-a-camera-that-nobody-ever-shortened-" * 3 + ".png"
# More than one page of each list.
MANY_JOBS = settings.JOBS_PAGE_ROWS + 2
MANY_RESULTS = settings.GALLERY_PAGE_TILES + 2
# The owners of the teams with many jobs, one and none; a viewer of the first; and somebody without a team.
VISITORS = ("alice", "otto", "emma", "vera", "nora", "bob")
LOCKED_NAME = "mallory"


def read_photo(number: int, scale: int = 1) -> io.BytesIO:
    """Return one of the photos in its shape, `scale` times as large, as a JPG file."""
    name, width, height = SHAPES[number % len(SHAPES)]
    file = io.BytesIO()
    with Image.open(PHOTOS / name) as photo:
        ImageOps.fit(photo.convert("RGB"), (width * scale, height * scale)).save(file, "JPEG", quality=80)
    file.seek(0)
    return file


def make_finished_job(user: User, number: int, name: str = "", **fields: Any) -> Job:
    """Create a done job with a photo and its enlargement."""
    name = name or SHAPES[number % len(SHAPES)][0]
    now = timezone.now()
    times = {"work_started_at": now, "work_seconds": 3.0 + number, "created_at": now - timedelta(hours=number)}
    return make_job(
        user,
        source=make_upload(user, name=name, file=read_photo(number)),
        result=make_result(user, name=name, file=read_photo(number, scale=2)),
        **{"backend": "span-x2", "engine_version": "vanceweb 0.1.0"} | times | fields,
    )


def make_jobs_in_every_state(user: User) -> dict[str, Job]:
    """Create a job for each thing that the page of a job can say."""
    source = make_upload(user, name="portrait.jpg", file=read_photo(0))
    now = timezone.now()
    working = {"state": Job.State.PROCESSING, "trans_id": "t1", "work_started_at": now - timedelta(seconds=30)}
    texts = {"error": "The service could not read the picture.", "error_code": 10011}
    spent = {"granted": Decimal(50), "used": Decimal(50), "checked_at": now, "check_state": Connection.CheckState.OK}
    used_up = make_hosted_connection(user, name="Used-up plan", private_to_id=None, billing_day=31, **spent)
    enlarge = {"scale": 4, "suppress_noise": 0, "remove_blur": 0}
    steps = (Step("denoise", {"auto_params": True}), Step("enlarge3", enlarge))
    jobs = {
        "done": make_finished_job(user, 0, note="The picture was sharp already."),
        "long": make_finished_job(user, 1, LONG_NAME[-200:]),
        "wide": make_finished_job(user, 4),
        "workflow": make_finished_job(user, 2, steps=steps),
        "private": make_finished_job(user, 3),
        "without_result": make_job(user, source=source, result=None),
        "without_source": make_job(user, source=None, result=make_result(user, file=read_photo(5))),
        "failed": make_job(user, source=source, state=Job.State.FAILED, **texts),
        "failed_download": make_job(
            user, source=source, state=Job.State.FAILED, **texts | {"resume_state": Job.State.DOWNLOADING}
        ),
        "failed_settings": make_job(
            user, source=source, state=Job.State.FAILED, **texts | {"failure_kind": Job.FailureKind.SETTINGS}
        ),
        "failed_credits": make_job(
            user,
            source=source,
            state=Job.State.FAILED,
            connection=used_up,
            **texts | {"failure_kind": Job.FailureKind.CREDITS},
        ),
        "held_for_budget": make_job(user, source=source, state=Job.State.HELD, held_for=Job.HoldCause.BUDGET),
        "cancelled": make_job(user, source=source, state=Job.State.CANCELLED),
        "held": make_job(user, source=source, state=Job.State.HELD),
        "running": make_job(user, source=source, percent=42.0, **working),
        "downloading": make_job(user, source=source, percent=100.0, **working | {"state": Job.State.DOWNLOADING}),
        "starting": make_job(user, source=source, state=Job.State.UPLOADING),
        "waiting": make_job(user, source=source, state=Job.State.QUEUED),
    }  # fmt: skip
    make_private(jobs["private"], user)
    return jobs


def make_connections(user: User) -> dict[str, Connection]:
    """Create a connection in each state."""
    checked = {"granted": Decimal(500), "used": Decimal("123.5"), "checked_at": timezone.now()}
    ok, failed = Connection.CheckState.OK, Connection.CheckState.FAILED
    return {
        "connection": make_hosted_connection(user, name="Studio plan", check_state=ok, **checked),
        "failed_connection": make_hosted_connection(
            user, name="Old plan", check_state=failed, last_error="The service refuses the token."
        ),
        "silent_connection": make_hosted_connection(
            user, name="Agency plan", check_state=ok, last_error="The name x.example is not known.", **checked
        ),
        "shared_connection": make_hosted_connection(
            user, name="Plan without a keeper", private_to_id=None, keeper=None, spend_role="admin", **checked
        ),
        "checking": make_hosted_connection(user, name="A plan with a name that is as long as it may be " + "x" * 30),
    }


def make_links(user: User) -> dict[str, str]:
    """Create share links in each state. Return the ids and secrets that paths name."""
    actor, jobs = as_actor(user), [make_finished_job(user, 0), make_finished_job(user, 4)]
    shown = [job.result for job in jobs if job.result is not None]
    # One with the picture before it, and one without.
    Asset.objects.filter(pk=shown[0].pk).update(parent_uuid=jobs[0].source and jobs[0].source.uuid)
    shown[0].refresh_from_db()
    link = create_link(actor=actor, pictures=shown, title="For the printer", shows_originals=True)
    locked = create_link(actor=actor, pictures=shown[:1], password="open sesame", lasts=timedelta(days=30))
    revoke_link(actor=actor, link=create_link(actor=actor, pictures=shown, title="long-title-" * 10))
    secrets = {name: row.address.split("/")[-2] for name, row in (("share", link), ("locked_share", locked))}
    return secrets | {"link": str(link.uuid)}


def make_budgets(user: User) -> Budget:
    """Create budgets with much and with nothing left, alerts of both, and prices. Return one."""
    actor = as_actor(user)
    bob = User.objects.get(username="bob")
    subjects = {"person": bob, "connection": get_bundled(user)}
    for credits, spent, name in ((20, 17, "person"), (500, 300, "connection")):
        values = {name: subjects[name]} | {"credits": Decimal(credits), "period": Budget.Period.TOTAL}
        create_budget(actor=actor, values=BudgetValues(**values))  # type: ignore[arg-type]
        for state in (Reservation.State.SETTLED, Reservation.State.RESERVED):
            is_settled = state == Reservation.State.SETTLED
            Reservation.objects.create(
                job_uuid=uuid4(),
                team=actor.team,
                connection=get_bundled(user),
                person=bob if name == "person" else user,
                is_shared=True,
                credits=spent // 2,
                settled=spent // 2 if is_settled else 0,
                settled_at=timezone.now() if is_settled else None,
                state=state,
            )
    for price, currency, day in (("0.09", "EUR", date(2026, 1, 1)), ("0.105", "USD", date(2025, 6, 15))):
        set_price(actor=actor, price=Decimal(price), currency=currency, valid_from=day)
    return create_budget(actor=actor, values=BudgetValues(credits=Decimal("150.5")))


def fill_team_of_many(owner: User) -> dict[str, str]:
    """Fill the lists of the owner's team beyond their first page. Return the values of paths to its rows."""
    for name, role in (("bob", Role.MEMBER), ("vera", Role.VIEWER), ("ada", Role.ADMIN), ("olivia", Role.OWNER)):
        create_person(actor=as_actor(owner), username=name, password=PASSWORD, role=role)
    create_person(actor=as_actor(owner), username="somebody-with-a-very-long-name-" * 3, password=PASSWORD)
    finished = [make_finished_job(owner, number) for number in range(len(SHAPES))]
    for number in range(len(SHAPES), MANY_JOBS):
        like = finished[number % len(SHAPES)]
        make_job(owner, source=like.source, result=None, created_at=like.created_at - timedelta(days=number))
    for number in range(len(SHAPES), MANY_RESULTS):
        make_result(owner, name=f"result-{number}.jpg", file=read_photo(number))
    rows = make_jobs_in_every_state(owner) | make_connections(owner)
    make_usage(owner)
    charge = make_charge(owner)
    for job in finished:
        Job.objects.filter(pk=job.pk).update(downloaded_at=charge.created_at - timedelta(minutes=job.pk))
    make_alert(get_bundled(owner))
    asset = make_result(owner, name="sunset.jpg", file=read_photo(3))
    issue_token(owner)
    webhook = make_webhook(owner)
    # One whose maker is gone.
    Webhook.objects.filter(pk=make_webhook(owner).pk).update(name="Print room", created_by=None)
    return (
        {name: str(row.uuid) for name, row in rows.items()}
        | make_links(owner)
        | {
            "asset": str(asset.uuid),
            "charge": str(charge.pk),
            "webhook": str(webhook.uuid),
            "budget": str(make_budgets(owner).uuid),
            "bundled": str(get_bundled(owner).uuid),
            "source": str(finished[0].source.uuid) if finished[0].source else "",
        }
    )


def make_usage(owner: User) -> None:
    """Fill the pages of usage: two connections of the team, people who work, and exports in every state."""
    hosted = make_hosted_connection(
        owner, name="Yearly plan", granted=Decimal(6000), used=Decimal(4310), checked_at=timezone.now(), not_before=None
    )
    Connection.objects.filter(pk=hosted.pk).update(private_to=None, check_state=Connection.CheckState.OK)
    people = [owner, *User.objects.filter(username__in=["bob", "ada", "olivia"])]
    make_charges_of_months(people, [get_bundled(owner), hosted], list(Job.objects.filter(created_by=owner)[:8]))
    for state, done in (("waiting", 400_000), ("done", 1_000_000), ("failed", 0)):
        UsageExport.objects.create(
            **as_actor(owner).own(private=True).to_fields(),
            state=state,
            total_rows=1_000_000,
            done_rows=done,
            size=61_000_000,
            not_before=None,
            expires_at=timezone.now() + timedelta(days=1),
        )


def fill_team_of_one(owner: User) -> dict[str, str]:
    job = make_finished_job(owner, 0)
    charge = make_charge(owner)
    recompute_days(team_id=charge.team_id, days=[charge.day])
    create_budget(actor=as_actor(owner), values=BudgetValues(credits=Decimal(25)))
    if job.result is not None:
        create_link(actor=as_actor(owner), pictures=[job.result])
    return {"done": str(job.uuid)}


def lock_out(name: str) -> None:
    """Enter as many wrong passwords as lock the name out, from the address that the browser has too."""
    client = Client(REMOTE_ADDR="127.0.0.1", SERVER_NAME="127.0.0.1")
    for _ in range(10):
        client.post("/login/", {"login": name, "password": "wrong"})


def make_people_of_many(owner: User) -> dict[str, str]:
    """Invite people, give Bob private work, and close another team. Return the values of paths."""
    bob = User.objects.get(username="bob")
    job = make_finished_job(bob, 1)
    for row in (job, job.source, make_hosted_connection(bob, name="Bob's plan")):
        make_private(row, bob)
    Connection.objects.filter(pk=make_hosted_connection(bob, name="Shared plan").pk).update(private_to=None)
    actor = as_actor(owner)
    _invitation, secret = create_invitation(actor=actor, role=Role.MEMBER, days=7)
    create_invitation(actor=actor, role=Role.VIEWER, days=30)
    closed = open_team(name="A team with a rather long name that somebody has deleted by mistake", owner=owner)
    close_team(actor=Actor(owner, closed, Role.OWNER))
    # A third one, so that the menu offers a switch.
    open_team(name="Prints and posters", owner=owner)
    member = bob.memberships.get()
    return {"member": str(member.pk), "person": str(bob.pk), "invitation": secret, "closed": closed.slug}


def open_session(user: User) -> str:
    """Log the user in and return the key of the session."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def open_team_of(name: str, team: str) -> User:
    """Create a person with a team of their own."""
    user = create_user(username=name, password=PASSWORD)
    open_team(name=team, owner=user)
    return user


def fill() -> dict[str, Any]:
    """Fill the database. Return the session of each person, and the values of paths in each state of the data."""
    with transaction.atomic():
        alice = set_up_installation(username="alice", password=PASSWORD, team_name="Studio")
        otto, emma = open_team_of("otto", "One"), open_team_of("emma", "Empty")
        rows = {
            "many": fill_team_of_many(alice) | make_people_of_many(alice),
            "one": fill_team_of_one(otto),
            "empty": {},
        }
        owners = {"many": alice, "one": otto, "empty": emma}
        create_user(username="nora", password=PASSWORD)
        sessions = {name: open_session(User.objects.get(username=name)) for name in VISITORS}
    lock_out(LOCKED_NAME)
    teams = {state: {"team": as_actor(owner).team.slug} for state, owner in owners.items()}
    return {"sessions": sessions, "paths": {state: teams[state] | rows[state] for state in rows}}


def print_filled() -> None:
    """Fill the database and print, as JSON, what `fill` returns."""
    json.dump(fill(), sys.stdout)
