"""The sentence for a job whose service worked on one of several pictures and said nothing of it."""

from typing import BinaryIO, cast

from django.utils.translation import gettext as _

from vanceweb.gallery.models import Asset
from vanceweb.jobs.models import Job
from vanceweb.lib.picture_counts import count_pictures


def add_dropped_pictures(job: Job, result: BinaryIO) -> str:
    """Return the job's note, with a sentence if the result holds fewer pictures than the source.

    The bundled engine's own note has the same sentence, and then nothing is added. Leave `result` at its start.
    """
    source = Asset.objects.select_related("blob").filter(jobs_from=job.pk).first()
    if source is None:
        return job.note
    try:
        with source.file.open("rb") as file:
            count = count_pictures(cast(BinaryIO, file))
    except OSError:
        # Deleted meanwhile, or out of reach: the result counts more than a remark about it.
        return job.note
    if count_pictures(result) >= count:
        return job.note
    sentence = _("The file has %(count)s pictures: only the first was worked on.") % {"count": count}
    return job.note if sentence in job.note else f"{job.note} {sentence}".strip()
