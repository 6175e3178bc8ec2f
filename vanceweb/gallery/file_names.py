"""Names of pictures for display."""

from pathlib import PurePosixPath

FILE_NAME_MAX_LENGTH = 200


def clean_file_name(name: str) -> str:
    """Return a file name for display: no folders, no control characters, at most 200 characters, extension kept."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    base = "".join(character for character in base if character.isprintable()).strip() or "picture"
    if len(base) <= FILE_NAME_MAX_LENGTH:
        return base
    ending = PurePosixPath(base).suffix[:10]
    return base[: FILE_NAME_MAX_LENGTH - len(ending)] + ending
