"""What a command that failed tells its person: one line, in Thai and English, and no traceback."""

from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from eservice.kit.errors import ServiceError
from eservice.kit.settings import faults_in_one_line
from eservice.kit.text import Catalogue

EXPECTED = (ServiceError, ValidationError, SQLAlchemyError, OSError, ValueError)
"""What may come of a command without a fault in the program."""

MAX_REASON = 300  # characters
_ROOT = Path(__file__).parents[2]
_TEXTS = Catalogue(_ROOT / "eservice/text", _ROOT / "knowledge/entries/text")


def in_one_line(error: BaseException) -> str:
    """The line for standard error. It never holds what people wrote, nor a secret."""
    match error:
        case ServiceError():
            named = f" ({', '.join(error.fields)})" if error.fields else ""
            return _TEXTS.both(f"errors.{error.code}", **error.parameters) + named
        case ValidationError():
            return _TEXTS.both("errors.operations.settings", faults=faults_in_one_line(error))
        case SQLAlchemyError():
            return _TEXTS.both("errors.operations.database", reason=reason_of(error))
        case OSError(filename=str(name)):
            reason = error.strerror or type(error).__name__
            return _TEXTS.both("errors.operations.file", name=name, reason=reason)
        case _:
            return _TEXTS.both("errors.operations.failed", reason=reason_of(error))


def reason_of(error: BaseException) -> str:
    """The first line of an error in its own words; of a database's error, the database's words."""
    words = str(getattr(error, "orig", None) or error).strip()
    return (words.splitlines() or [type(error).__name__])[0][:MAX_REASON]
