"""`manage.py enhance` in separate processes, on a separate database, with the real models."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from PIL import Image

from tests.conftest import PASSWORD, make_picture_file
from tests.factories import make_hosted_connection
from vanceweb.jobs.models import Job
from vanceweb.teams.models import User
from vanceweb.teams.services import create_user

MAKE_PEOPLE = f"""
from vanceweb.ops.services import create_person, set_up_installation
from vanceweb.teams.access import find_home_actor
alice = set_up_installation(username="alice", password="{PASSWORD}", team_name="Studio")
create_person(actor=find_home_actor(alice), username="bob", password="{PASSWORD}")
"""


class Installation:
    """A data folder and the management commands that use it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        models = {"MODELS_DIR": str(settings.MODELS_DIR)}
        self.environment = (
            os.environ
            | models
            | {
                "DATA_DIR": str(folder),
                "COLLECT_STATIC": "off",
                "DJANGO_SETTINGS_MODULE": "vanceweb.settings",
            }
        )
        self.environment.pop("DATABASE_URL", None)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Tests started in the background of a script inherit that Ctrl-C is ignored; a person's shell does not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        output, errors = process.communicate(timeout=240)
        return process.returncode, output, errors

    def query(self, sql: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.folder / "vanceweb.sqlite3") as database:
            return database.execute(sql).fetchall()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, migrated_database: Path | None) -> Installation:
    made = Installation(tmp_path_factory.mktemp("enhance"))
    if migrated_database:
        shutil.copyfile(migrated_database, made.folder / "vanceweb.sqlite3")
    assert made.run("prepare", "-v0")[0] == 0
    assert made.run("shell", "-v0", "-c", MAKE_PEOPLE)[0] == 0
    return made


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    path.write_bytes(make_picture_file(24, 16).getvalue())
    return path


@pytest.mark.slow
def test_a_picture_comes_out_enlarged_and_is_paid(installation: Installation, photo: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jpg"
    code, output, errors = installation.run(
        "enhance", str(photo), str(target), "--feature", "enlarge3", "--set", "scale=4", "--user", "bob"
    )
    assert (code, errors) == (0, "")
    assert "96 x 64 px" in output
    assert "1 credit." in output
    with Image.open(target) as image:
        assert (image.size, image.format) == ((96, 64), "JPEG")
    people = "SELECT username, state FROM jobs_job JOIN teams_user ON teams_user.id = created_by_id"
    assert installation.query(people) == [("bob", "done")]
    assert installation.query("SELECT count(*) FROM engine_ledgerentry WHERE kind = 'download'") == [(1,)]


@pytest.mark.slow
def test_a_failed_job_is_said_in_one_sentence(installation: Installation, tmp_path: Path) -> None:
    broken, target = tmp_path / "broken.png", tmp_path / "out.png"
    broken.write_bytes(make_picture_file(40, 30).getvalue()[:-40])
    code, output, errors = installation.run("enhance", str(broken), str(target), "--feature", "denoise")
    assert (code, output, "Traceback" in errors) == (1, "", False)
    assert "The image is damaged or incomplete." in errors
    assert not target.exists()


@pytest.mark.slow
def test_an_impossible_size_is_said_before_anything_is_stored(installation: Installation, tmp_path: Path) -> None:
    wide, target = tmp_path / "wide.png", tmp_path / "out.png"
    wide.write_bytes(make_picture_file(3500, 1000).getvalue())
    code, output, errors = installation.run(
        "enhance", str(wide), str(target), "--feature", "enlarge3", "--set", "scale=8"
    )
    assert (code, output, "Traceback" in errors) == (1, "", False)
    assert "The result would have 28000 x 8000 px" in errors
    assert "can't be enlarged 8x, only 2x, 4x or 6x" in errors
    assert installation.query("SELECT count(*) FROM gallery_asset WHERE name = 'wide.png'") == [(0,)]
    assert not target.exists()


@pytest.mark.slow
def test_ctrl_c_cancels_the_job_and_leaves_no_worker(installation: Installation, tmp_path: Path) -> None:
    large = tmp_path / "large.png"
    large.write_bytes(make_picture_file(1500, 1000).getvalue())
    process = installation.start("enhance", str(large), str(tmp_path / "out.png"), "--feature", "enlarge3")
    newest = "SELECT state FROM jobs_job WHERE source_name = 'large.png'"
    for _ in range(1200):
        if installation.query(newest) == [("processing",)]:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130, errors
    assert "Cancelled." in errors
    assert installation.query(newest) == [("cancelled",)]
    left = subprocess.run(["pgrep", "-f", "manage.py work --queue engine"], capture_output=True, text=True, check=False)
    own = [pid for pid in left.stdout.split() if str(installation.folder) in _environment(int(pid))]
    assert own == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--feature", "enlarge"], "There is no feature enlarge. Available: enlarge3, "),
        (["--feature", "enlarge3", "--set", "scale=3"], "scale: "),
        (["--feature", "enlarge3", "--set", "scale"], "--set takes KEY=VALUE"),
        (["--feature", "enlarge3", "--set", "size=3"], "has no setting size"),
        (["--feature", "denoise", "--set", "auto_params=maybe"], "auto_params"),
        (["--feature", "denoise", "--set", "format=jpg"], "match the format jpg"),
        (["--feature", "denoise", "--user", "dora"], "There is no user dora."),
        (["--feature", "denoise", "--connection", "Hosted"], "Available: Bundled engine."),
    ],
)
def test_wrong_arguments_are_said_in_one_sentence(
    alice: User, photo: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    with pytest.raises(CommandError) as refusal:
        call_command("enhance", str(photo), str(tmp_path / "out.png"), *arguments)
    assert sentence in str(refusal.value)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--user", "bob", "--team", "elsewhere"], "bob isn't in the team elsewhere."),
        (["--user", "viewer"], "viewer may only look at the team studio."),
        (["--user", "dora"], "dora isn't in a team."),
        (["--user", "bob", "--connection", "Studio plan"], "Available: Bundled engine."),
    ],
)
def test_a_person_works_only_where_their_team_lets_them(
    bob: User, viewer: User, charlie: User, photo: Path, tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    create_user(username="dora", password=PASSWORD)
    make_hosted_connection(viewer)
    with pytest.raises(CommandError) as refusal:
        call_command("enhance", str(photo), str(tmp_path / "out.png"), "--feature", "denoise", *arguments)
    assert sentence in str(refusal.value)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    ("source", "target", "sentence"),
    [
        ("text.png", "out.png", "This is not an image"),
        ("nothing.png", "out.png", "can't be read"),
        ("photo.png", "out.gif", "must end in .jpg or .png"),
        ("photo.png", "nowhere/out.png", "doesn't exist"),
    ],
)
def test_files_that_cant_be_used_are_named(
    alice: User, photo: Path, tmp_path: Path, source: str, target: str, sentence: str
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(CommandError) as refusal:
        call_command("enhance", str(tmp_path / source), str(tmp_path / target), "--feature", "denoise")
    assert sentence in str(refusal.value)


def test_on_an_empty_installation_it_says_what_to_do_first(db: None, photo: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="set-up link first"):
        call_command("enhance", str(photo), str(tmp_path / "out.png"), "--feature", "denoise")


def _environment(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""
