"""`manage.py enhance IN OUT --feature SLUG --set KEY=VALUE`: a picture enhanced from the shell."""

import os
import shutil
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import FEATURES, get_feature_by_slug
from vanceweb.catalogue.forms import FeatureForm, UnknownSetting, build_form_class, build_form_data
from vanceweb.catalogue.output import Output
from vanceweb.catalogue.parameters import InvalidParameter
from vanceweb.catalogue.steps import Step
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import store_converted, store_upload
from vanceweb.jobs.conditions import JobRefused
from vanceweb.jobs.models import Job
from vanceweb.jobs.result_limits import find_impossible_size, measure_asset
from vanceweb.jobs.services import cancel_job, delete_upload_on_error, submit_job
from vanceweb.jobs.worker import advance_job
from vanceweb.lib.conversion import find_foreign_format
from vanceweb.lib.decoding import DecoderUnavailable
from vanceweb.lib.images import ImageRefused, format_megabytes
from vanceweb.ops.engine_worker import run_engine_worker
from vanceweb.teams.access import Action, Actor, filter_spendable, find_home_actor, get_actor
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

FORMATS = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png"}
# The progress bar is updated this often.
POLL_SECONDS = 0.2
# Characters of the name that the draft of a file takes over: all of them might be too long for the file system.
DRAFT_STEM = 20


class Command(BaseCommand):
    """A job of one picture, and its result as a file."""

    help = "Apply a feature to a picture and write the result to a file. The job also appears in the gallery."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="IN", type=Path, help="the picture: JPG, PNG or one to convert")
        parser.add_argument(
            "target", metavar="OUT", type=Path, help="the file of the result; its extension sets the format"
        )
        slugs = ", ".join(feature.slug for feature in FEATURES)
        parser.add_argument("--feature", required=True, help=f"one of {slugs}")
        parser.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", dest="named", help="a setting of the feature"
        )
        parser.add_argument("--connection", help="the name of the connection (default: the bundled engine)")
        parser.add_argument(
            "--user", help="the user who submits the job (default: the first administrator of the installation)"
        )
        parser.add_argument("--team", help="the slug of the team (default: the one that the user joined first)")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["target"]
        feature = _find_feature(options["feature"])
        form = _build_form(feature, _parse_settings(options["named"]), target)
        actor = _find_actor(_find_user(options["user"]), options["team"])
        connection = _find_connection(actor, options["connection"])
        steps, output = [form.build_step()], form.build_output()
        source = self._store_source(actor, options["source"])
        try:
            with delete_upload_on_error(source):
                _check_size(connection, steps, output, source)
                job = submit_job(actor=actor, connection=connection, source=source, steps=steps, output=output)
        except JobRefused as refusal:
            raise CommandError(str(refusal)) from None
        with ExitStack() as stack:
            if connection.is_bundled:
                stack.enter_context(run_engine_worker())
            _run_job(job)
        result = _get_result(job)
        _write_result(result, target)
        size = f"{result.width} x {result.height} px, {format_megabytes(result.filesize)}"
        credits = "1 credit" if job.credits == 1 else f"{job.credits.normalize():f} credits"
        self.stdout.write(f"{target}: {size}, {credits}.")
        if job.note:
            self.stdout.write(job.note)

    def _store_source(self, actor: Actor, path: Path) -> Asset:
        try:
            with path.open("rb") as file:
                format = find_foreign_format(file)
                if format is None:
                    return store_upload(actor=actor, file=file, name=path.name)
                converted = store_converted(actor=actor, file=file, format=format, name=path.name)
        except OSError as error:
            raise CommandError(f"{path} can't be read: {error.strerror}.") from None
        except (ImageRefused, DecoderUnavailable) as refusal:
            raise CommandError(f"{path}: {refusal}") from None
        self.stdout.write(" ".join([f"Converted from {format.title} to {converted.asset.name}.", *converted.notes]))
        return converted.asset


def _find_feature(slug: str) -> Feature:
    try:
        return get_feature_by_slug(slug)
    except LookupError:
        available = ", ".join(feature.slug for feature in FEATURES)
        raise CommandError(f"There is no feature {slug}. Available: {available}.") from None


def _parse_settings(settings: list[str]) -> dict[str, str]:
    parsed = {}
    for setting in settings:
        key, sign, value = setting.partition("=")
        if not sign:
            raise CommandError(f"--set takes KEY=VALUE, not “{setting}”.")
        parsed[key.strip()] = value.strip()
    return parsed


def _build_form(feature: Feature, given: dict[str, str], target: Path) -> FeatureForm:
    """Return the valid form. The target's extension sets the format of the result unless `given` does."""
    ending = target.suffix.lower()
    if ending not in FORMATS:
        raise CommandError(f"{target} must end in .jpg or .png.")
    if not target.absolute().parent.is_dir():
        raise CommandError(f"The folder {target.absolute().parent} doesn't exist.")
    if "format" in build_form_class(feature).base_fields:
        given.setdefault("format", FORMATS[ending])
        if given["format"] != FORMATS[ending]:
            raise CommandError(f"The extension of {target} doesn't match the format {given['format']}.")
    try:
        form = build_form_class(feature)(build_form_data(feature, given))
    except (UnknownSetting, InvalidParameter) as error:
        raise CommandError(str(error)) from None
    if not form.is_valid():
        problems = [f"{name}: {' '.join(str(text) for text in texts)}" for name, texts in form.errors.items()]
        raise CommandError("\n".join(problems))
    return form


def _find_user(name: str | None) -> User:
    people = User.objects.filter(is_active=True).order_by("-is_superuser", "pk")
    user = (people.filter(username=name) if name else people).first()
    if user is None:
        raise CommandError(
            f"There is no user {name}." if name else "There are no users yet: open the set-up link first."
        )
    return user


def _find_actor(user: User, slug: str | None) -> Actor:
    team = user.teams.filter(slug=slug).first() if slug else None
    actor = get_actor(user, team) if team else None if slug else find_home_actor(user)
    if actor is None:
        raise CommandError(f"{user} isn't in the team {slug}." if slug else f"{user} isn't in a team.")
    if not actor.can(Action.SPEND):
        raise CommandError(f"{user} may only look at the team {actor.team.slug}.")
    return actor


def _find_connection(actor: Actor, name: str | None) -> Connection:
    connections = filter_spendable(Connection.objects.without_token(), actor)
    connection = (connections.filter(name=name) if name else connections.filter(service="bundled")).first()
    if connection is None:
        available = ", ".join(connections.values_list("name", flat=True)) or "none"
        raise CommandError(f"{actor.user} has no connection {name or 'to the bundled engine'}. Available: {available}.")
    return connection


def _check_size(connection: Connection, steps: Sequence[Step], output: Output, source: Asset) -> None:
    """Raise CommandError if the result would be too large for the connection."""
    impossible = find_impossible_size(connection, measure_asset(source), steps, output)
    if impossible is not None:
        raise CommandError(impossible)


def _run_job(job: Job) -> None:
    """Advance the job in this process, with a progress bar, until it has ended or is held. Ctrl-C cancels it."""
    try:
        with tqdm(total=100, unit="%", bar_format="{desc:12} {percentage:3.0f}% {bar} {elapsed}", disable=None) as bar:
            while job.is_active:
                advance_job(job.pk)
                job.refresh_from_db()
                bar.set_description_str(job.phase_title, refresh=False)
                bar.n = job.percent or bar.n
                bar.refresh()
                if job.is_active:
                    time.sleep(POLL_SECONDS)
            bar.n = 100 if job.state == Job.State.DONE else bar.n
    except KeyboardInterrupt:
        cancel_job(job=job)
        advance_job(job.pk)
        raise CommandError("Cancelled.", returncode=130) from None


def _get_result(job: Job) -> Asset:
    if job.is_held:
        raise CommandError(f"The job is held: {job.held_reason} It continues on the site when it is released.")
    if job.result is None:
        code = f" (code {job.error_code})" if job.error_code else ""
        raise CommandError(f"{job.error or 'The job was cancelled.'}{code}")
    return job.result


def _write_result(result: Asset, target: Path) -> None:
    """Write the whole file or none."""
    try:
        descriptor, draft = tempfile.mkstemp(prefix=f".{target.name[:DRAFT_STEM]}.", dir=target.absolute().parent)
        try:
            with os.fdopen(descriptor, "wb") as copy, result.file.open("rb") as file:
                shutil.copyfileobj(file, copy)
            # A temporary file is private to its owner; the result gets the usual permissions.
            Path(draft).chmod(0o666 & ~_get_umask())
            Path(draft).replace(target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CommandError(f"{target} can't be written: {error.strerror}. The result is in the gallery.") from None


def _get_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
