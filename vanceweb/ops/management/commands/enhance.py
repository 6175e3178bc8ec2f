"""`manage.py enhance IN OUT --feature SLUG --set KEY=VALUE`: what the studio does, from the shell."""

import os
import shutil
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from vanceweb.catalogue.feature import Feature
from vanceweb.catalogue.features import FEATURES, feature_by_slug
from vanceweb.catalogue.forms import FeatureForm, UnknownSetting, data_from, form_for
from vanceweb.catalogue.parameters import IllegalParameter
from vanceweb.gallery.models import Asset
from vanceweb.gallery.services import store_upload
from vanceweb.jobs.advancing import advance_job
from vanceweb.jobs.models import Job
from vanceweb.jobs.services import JobRefused, cancel_job, submit_job
from vanceweb.lib.images import ImageRefused, format_megabytes
from vanceweb.ops.engine_worker import engine_worker
from vanceweb.teams.models import User
from vanceweb.vault.models import Connection

FORMATS = {".jpg": "jpg", ".jpeg": "jpg", ".png": "png"}
# How often the bar looks at the job.
LOOK_SECONDS = 0.2


class Command(BaseCommand):
    help = "Sends a picture through a feature and writes the result to a file. The job is kept in the gallery as well."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", metavar="IN", type=Path, help="the picture: JPG or PNG")
        parser.add_argument("target", metavar="OUT", type=Path, help="where the result goes; its ending is the format")
        slugs = ", ".join(feature.slug for feature in FEATURES)
        parser.add_argument("--feature", required=True, help=f"one of {slugs}")
        parser.add_argument(
            "--set", action="append", default=[], metavar="KEY=VALUE", dest="named", help="a setting of the feature"
        )
        parser.add_argument("--connection", help="the connection's name (the bundled engine)")
        parser.add_argument("--user", help="whose connection, credits and gallery (the installation's owner)")

    def handle(self, *args: Any, **options: Any) -> None:
        target: Path = options["target"]
        feature = _feature(options["feature"])
        form = _form(feature, _named(options["named"]), target)
        user = _user(options["user"])
        connection = _connection(user, options["connection"])
        source = _source(user, options["source"])
        try:
            job = submit_job(owner=user, connection=connection, source=source, step=form.step(), output=form.output())
        except JobRefused as refusal:
            raise CommandError(str(refusal)) from None
        with ExitStack() as stack:
            if connection.is_bundled:
                stack.enter_context(engine_worker())
            _watch(job)
        result = _result(job)
        _copy(result, target)
        size = f"{result.width} x {result.height} px, {format_megabytes(result.filesize)}"
        credits = "1 credit" if job.credits == 1 else f"{job.credits.normalize():f} credits"
        self.stdout.write(f"{target}: {size}, {credits}.")
        if job.note:
            self.stdout.write(job.note)


def _feature(slug: str) -> Feature:
    try:
        return feature_by_slug(slug)
    except LookupError:
        there_are = ", ".join(feature.slug for feature in FEATURES)
        raise CommandError(f"There is no feature {slug}. There are: {there_are}.") from None


def _named(settings: list[str]) -> dict[str, str]:
    named = {}
    for setting in settings:
        key, sign, value = setting.partition("=")
        if not sign:
            raise CommandError(f"--set wants KEY=VALUE, and not “{setting}”.")
        named[key.strip()] = value.strip()
    return named


def _form(feature: Feature, given: dict[str, str], target: Path) -> FeatureForm:
    """The valid form; the result's format follows the target's name unless it was set."""
    ending = target.suffix.lower()
    if ending not in FORMATS:
        raise CommandError(f"{target} has to end in .jpg or .png.")
    if not target.absolute().parent.is_dir():
        raise CommandError(f"The folder {target.absolute().parent} doesn't exist.")
    if "format" in form_for(feature).base_fields:
        given.setdefault("format", FORMATS[ending])
        if given["format"] != FORMATS[ending]:
            raise CommandError(f"{target} does not end as the format {given['format']} does.")
    try:
        form = form_for(feature)(data_from(feature, given))
    except (UnknownSetting, IllegalParameter) as error:
        raise CommandError(str(error)) from None
    if not form.is_valid():
        problems = [f"{name}: {' '.join(str(text) for text in texts)}" for name, texts in form.errors.items()]
        raise CommandError("\n".join(problems))
    return form


def _user(name: str | None) -> User:
    people = User.objects.filter(is_active=True).order_by("-is_superuser", "pk")
    user = (people.filter(username=name) if name else people).first()
    if user is None:
        raise CommandError(
            f"There is nobody called {name}." if name else "There is nobody yet: open the set-up link first."
        )
    return user


def _connection(user: User, name: str | None) -> Connection:
    connections = Connection.objects.without_token().filter(owner=user)
    connection = (connections.filter(name=name) if name else connections.filter(service="bundled")).first()
    if connection is None:
        there_are = ", ".join(connections.values_list("name", flat=True)) or "none"
        raise CommandError(f"{user} has no connection {name or 'to the bundled engine'}. There are: {there_are}.")
    return connection


def _source(user: User, path: Path) -> Asset:
    try:
        with path.open("rb") as file:
            return store_upload(owner=user, file=file, name=path.name)
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error.strerror}.") from None
    except ImageRefused as refusal:
        raise CommandError(f"{path}: {refusal}") from None


def _watch(job: Job) -> None:
    """Takes the job's turns itself, with a bar, until it has ended. Ctrl-C cancels it."""
    try:
        with tqdm(total=100, unit="%", bar_format="{desc:12} {percentage:3.0f}% {bar} {elapsed}", disable=None) as bar:
            while job.is_moving:
                advance_job(job.pk)
                job.refresh_from_db()
                bar.set_description_str(job.phase_title, refresh=False)
                bar.n = job.percent or bar.n
                bar.refresh()
                if job.is_moving:
                    time.sleep(LOOK_SECONDS)
            bar.n = 100 if job.state == Job.State.DONE else bar.n
    except KeyboardInterrupt:
        cancel_job(job=job)
        advance_job(job.pk)
        raise CommandError("Cancelled.", returncode=130) from None


def _result(job: Job) -> Asset:
    if job.result is None:
        code = f" (code {job.error_code})" if job.error_code else ""
        raise CommandError(f"{job.error or 'The job was cancelled.'}{code}")
    return job.result


def _copy(result: Asset, target: Path) -> None:
    """Writes the whole file or none."""
    try:
        descriptor, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.absolute().parent)
        try:
            with os.fdopen(descriptor, "wb") as copy, result.file.open("rb") as file:
                shutil.copyfileobj(file, copy)
            # A temporary file is for its owner alone; the result is a file like any other.
            Path(draft).chmod(0o666 & ~_umask())
            Path(draft).replace(target)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CommandError(f"{target} can't be written: {error.strerror}. The result is in the gallery.") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
