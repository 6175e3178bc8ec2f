"""Give each asset a blob of its own, with its file where it is."""

from django.db import migrations
from django.db.models import OuterRef, Subquery

MOVED = (
    "uuid",
    "sha256",
    "file",
    "format",
    "width",
    "height",
    "filesize",
    "thumbnails_at",
    "thumbnails_asked_at",
    "thumbnail_attempts",
    "problem",
    "created_at",
)
ROWS = 1000


def give_blobs_to_assets(apps, schema_editor):
    """Assets with the same bytes keep their own blobs, for their files are stored already."""
    assets = apps.get_model("gallery", "Asset").objects
    blobs = apps.get_model("gallery", "Blob").objects
    rows = assets.filter(blob=None).values(*MOVED).iterator(chunk_size=ROWS)
    pending = []
    for row in rows:
        pending.append(blobs.model(**row, references=1))
        if len(pending) == ROWS:
            blobs.bulk_create(pending)
            pending = []
    blobs.bulk_create(pending)
    same_uuid = blobs.filter(uuid=OuterRef("uuid")).values("pk")[:1]
    assets.filter(blob=None).update(blob_id=Subquery(same_uuid))


class Migration(migrations.Migration):
    dependencies = [("gallery", "0006_blobs")]

    operations = [migrations.RunPython(give_blobs_to_assets, migrations.RunPython.noop)]
