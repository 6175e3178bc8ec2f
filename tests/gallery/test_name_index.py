"""The index of names on PostgreSQL: it is used, refused without harm, and created later by the doctor."""

import io
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from tests.conftest import PASSWORD, as_actor
from tests.factories import make_result
from vanceweb.gallery.models import Asset
from vanceweb.gallery.name_index import NAME, create_name_index, has_name_index
from vanceweb.gallery.queries import PictureFilter, find_pictures
from vanceweb.ops.services import set_up_installation
from vanceweb.teams.models import User


@pytest.fixture
def owner(postgresql: None, studio_files: None) -> User:
    return set_up_installation(username="alice", password=PASSWORD, team_name="Studio")


@pytest.fixture
def powerless(owner: User) -> Iterator[None]:
    """Without the right to create an extension, and without the index."""
    role = f"vanceweb_{uuid4().hex[:8]}"
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
        cursor.execute(f"CREATE ROLE {role}; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}; SET ROLE {role}")
        yield
        cursor.execute(f"RESET ROLE; DROP OWNED BY {role}; DROP ROLE {role}")


def run_doctor(*options: str) -> str:
    output = io.StringIO()
    with suppress(SystemExit):
        call_command("doctor", *options, stdout=output)
    return output.getvalue()


def test_the_search_uses_the_index_of_a_new_database(owner: User) -> None:
    assert has_name_index(connection)
    make_result(owner, name="Harbour.png")
    pictures = find_pictures(as_actor(owner), PictureFilter(text="bour"))
    assert [picture.name for picture in pictures] == ["Harbour.png"]
    # Few rows are read one after the other, and by the team's index if there is a team.
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    assert NAME in Asset.objects.get_queryset().select_related(None).filter_name("bour").explain()


def test_without_the_right_to_the_extension_the_search_works(owner: User, powerless: None) -> None:
    assert not has_name_index(connection)
    with transaction.atomic():
        with pytest.raises(ProgrammingError, match="pg_trgm"):
            create_name_index(connection)
        # The transaction around it goes on.
        assert not find_pictures(as_actor(owner), PictureFilter(text="bour")).exists()


def test_the_doctor_tells_of_the_missing_index_and_creates_it(owner: User, powerless: None) -> None:
    sentence = "The gallery's search by name has no index: PostgreSQL refused its extension pg_trgm, or it was removed."
    assert sentence in run_doctor()
    assert "It can't be mended: permission denied to create extension" in run_doctor("--repair")
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert f"{sentence}\n    Mended." in run_doctor("--repair")
    assert has_name_index(connection)


@pytest.mark.django_db
def test_sqlite_needs_no_index() -> None:
    if connection.vendor == "sqlite":
        create_name_index(connection)
        assert has_name_index(connection)
