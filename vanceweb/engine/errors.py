"""The API's error codes, and the exception that reports one to the caller."""

from enum import IntEnum

# A sentence, or sentences by field: the API uses both.
Message = str | dict[str, list[str]]


class Code(IntEnum):
    ILLEGAL_PARAMETER = 10001
    INTERNAL = 10010
    NOT_FOUND = 10011
    LIMIT_EXCEEDED = 10012
    JCONFIG = 10013
    JOB_FAILED = 10014
    INVALID_TOKEN = 30001
    INSUFFICIENT_CREDITS = 30004


class EngineError(Exception):
    """The request is refused. `message` is for the caller."""

    def __init__(self, code: int, message: Message) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def make_not_found_error() -> EngineError:
    """Return the error for ids that don't exist, were removed or belong to another account: all look the same."""
    return EngineError(Code.NOT_FOUND, "File doesn't exist, or invalid download link.")


def describe_missing_fields(*names: str) -> Message:
    """Return the API's message about missing fields."""
    return {name: [f"The {name.replace('_', ' ')} field is required."] for name in names}
