"""Files in a folder, of which none is left in parts."""

import os
from contextlib import suppress
from typing import Any

from django.core.files.storage import FileSystemStorage


class FolderStorage(FileSystemStorage):
    """Django's storage, except that a file whose writing fails, for example on a full disk, is removed."""

    def _save(self, name: str, content: Any) -> str:
        path = self.path(name)
        is_new = not os.path.lexists(path)
        try:
            return str(super()._save(name, content))  # type: ignore[misc]  # Django's own hook
        except BaseException:
            # Names are random, so a file that wasn't there before is our own.
            if is_new:
                with suppress(OSError):
                    os.unlink(path)
            raise
