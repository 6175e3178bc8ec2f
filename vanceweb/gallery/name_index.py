"""The index by which PostgreSQL finds pictures by a part of their name. On SQLite, reading all names is fast enough.

It needs PostgreSQL's extension pg_trgm. Since version 13 whoever owns a database may create it there; where it is
refused, the search works without the index, only slower.
"""

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

NAME = "gallery_by_name"
# The expression of `name__icontains` as Django writes it, or the index isn't used.
STATEMENTS = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    f"CREATE INDEX IF NOT EXISTS {NAME} ON gallery_asset USING gin (UPPER(name::text) gin_trgm_ops)",
    # Otherwise PostgreSQL doesn't know how rare a name is until it next looks by itself.
    "ANALYZE gallery_asset",
)


def create_name_index(connection: BaseDatabaseWrapper) -> None:
    """Create the index if it is missing. Raise DatabaseError if the database refuses, and change nothing then."""
    if connection.vendor != "postgresql":
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)


def has_name_index(connection: BaseDatabaseWrapper) -> bool:
    """Return whether the search needs nothing more."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [NAME])
        return bool(cursor.fetchone()[0])
