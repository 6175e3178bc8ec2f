"""Files in the engine's storage that no upload and no transform refers to."""

import re
from collections.abc import Sequence

from vanceweb.engine.models import Transform, Upload
from vanceweb.lib.stored_names import StoredFile

UPLOAD_NAME = re.compile(r"uploads/[0-9a-f]{2}/(?P<uid>[0-9a-f]{32})")
RESULT_NAME = re.compile(r"results/[0-9a-f]{2}/(?P<trans_id>[0-9a-f]{32})-(?P<attempt>\d{1,5})")


def is_ours(file: StoredFile) -> bool:
    """Return whether the engine may have written the file."""
    return bool(UPLOAD_NAME.fullmatch(file.name) or RESULT_NAME.fullmatch(file.name))


def find_strays(files: Sequence[StoredFile]) -> list[StoredFile]:
    """Return those of the files that the engine wrote and no row refers to."""
    uploads = {match["uid"]: file for file in files if (match := UPLOAD_NAME.fullmatch(file.name))}
    for uid in Upload.objects.filter(uid__in=list(uploads)).values_list("uid", flat=True):
        del uploads[uid]
    results = [(match, file) for file in files if (match := RESULT_NAME.fullmatch(file.name))]
    wanted = {match["trans_id"] for match, _file in results}
    attempts = dict(Transform.objects.filter(trans_id__in=wanted).values_list("trans_id", "attempts"))
    lost = [file for match, file in results if int(match["attempt"]) > attempts.get(match["trans_id"], 0)]
    return [*uploads.values(), *lost]
