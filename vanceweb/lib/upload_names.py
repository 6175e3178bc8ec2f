"""Names of uploaded files as browsers send them: Django's parser drops the joiners of emoji and of many scripts."""

import html
import unicodedata
from typing import Any

from django.http import QueryDict
from django.http.multipartparser import MultiPartParser
from django.utils.datastructures import MultiValueDict

from vanceweb.lib.upload_handler import CarefulUploadHandler

# Control characters and halves of surrogate pairs: no column can store some of them.
DROPPED_CATEGORIES = frozenset({"Cc", "Cs"})


class NameKeepingParser(MultiPartParser):
    """Django's parser of forms with files, which leaves in their names what `clean_file_name` decides about."""

    def sanitize_file_name(self, file_name: str) -> str | None:
        name = html.unescape(file_name).replace("\\", "/").rsplit("/")[-1]
        name = "".join(character for character in name if unicodedata.category(character) not in DROPPED_CATEGORIES)
        return None if name in ("", ".", "..") else name


class NameKeepingUploadHandler(CarefulUploadHandler):
    """A careful handler that has the form parsed by NameKeepingParser."""

    _is_parsing = False

    def handle_raw_input(
        self,
        input_data: Any,
        META: dict[str, str],  # noqa: N803 - Django's name
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> tuple[QueryDict, MultiValueDict[str, Any]] | None:
        """Parse the form. The parser asks its handlers too: then this one leaves the work to it."""
        if self._is_parsing:
            return None
        self._is_parsing = True
        return NameKeepingParser(META, input_data, [self], encoding).parse()
