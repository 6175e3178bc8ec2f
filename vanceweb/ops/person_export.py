"""The export of a person: their account, memberships, jobs and pictures as JSON, and the files that they made."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.lib.zip_stream import CHUNK_BYTES, stream_zip
from vanceweb.teams.audit import Performer, record_event
from vanceweb.teams.models import AuditAction, User

# Rows fetched at a time.
ROWS = 500


@transaction.atomic
def export_person(*, user: User, by: Performer) -> Iterator[bytes]:
    """Return a ZIP archive of what the site knows of a person, in pieces, and note it in the audit log.

    It has what is private to them, too, and what they made in teams that they have left; no token, no password.
    """
    record_event(AuditAction.PERSON_EXPORTED, by=by, target=user, format="zip")
    return stream_zip(_list_files(user))


def _list_files(user: User) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield "account.json", [_to_json(_describe_account(user))]
    yield "jobs.json", _write_list(_describe_job(job) for job in _fetch_jobs(user))
    yield "pictures.json", _write_list(_describe_picture(asset) for asset in _fetch_pictures(user))
    for asset in _fetch_pictures(user):
        if default_storage.exists(str(asset.file.name)):
            yield _build_path(asset), _read_file(asset)


def _fetch_jobs(user: User) -> Iterator[Job]:
    return Job.objects.filter(created_by=user).select_related("team").order_by("pk").iterator(ROWS)


def _fetch_pictures(user: User) -> Iterator[Asset]:
    return Asset.objects.filter(created_by=user).select_related("team", "blob").order_by("pk").iterator(ROWS)


def _describe_account(user: User) -> dict[str, Any]:
    memberships = user.memberships.select_related("team")
    return {
        "name": user.get_username(),
        "email": user.email,
        "created_at": user.date_joined,
        "last_sign_in": user.last_login,
        "is_active": user.is_active,
        "is_administrator": user.is_administrator,
        "teams": [
            {"team": row.team.name, "slug": row.team.slug, "role": row.role, "joined_at": row.joined_at}
            for row in memberships
        ],
    }


def _describe_job(job: Job) -> dict[str, Any]:
    return {
        "id": job.uuid,
        "team": job.team.slug,
        "is_private": job.is_private,
        "steps": job.steps,
        "source": job.source_name,
        "source_id": job.source_uuid,
        "state": job.state,
        "error": job.error,
        "credits": job.credits,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
    }


def _describe_picture(asset: Asset) -> dict[str, Any]:
    return {
        "id": asset.uuid,
        "team": asset.team.slug,
        "is_private": asset.is_private,
        "name": asset.name,
        "kind": asset.kind,
        "width": asset.width,
        "height": asset.height,
        "bytes": asset.filesize,
        "sha256": asset.sha256,
        "created_at": asset.created_at,
        "file": _build_path(asset),
    }


def _build_path(asset: Asset) -> str:
    """Return the place of a picture's file in the archive; the id keeps equal names apart."""
    return f"pictures/{asset.team.slug}/{asset.uuid}-{asset.download_name}"


def _read_file(asset: Asset) -> Iterator[bytes]:
    with default_storage.open(str(asset.file.name)) as file:
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")


def _write_list(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Yield a JSON list, one row at a time."""
    yield b"["
    for number, row in enumerate(rows):
        yield (b",\n" if number else b"\n") + _to_json(row)
    yield b"\n]\n"


def _to_json(value: object) -> bytes:
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1).encode()
