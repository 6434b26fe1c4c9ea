"""What people write into complaints, checked and made storable.

The number of an identity card is hidden, and a complaint's key: whoever reads it could speak as its resident.
"""

from eservice.complaints.numbers import without_keys
from eservice.kit.errors import invalid
from eservice.kit.text import writable
from eservice.kit.thai_ids import without_citizen_ids

MAX_TEXT = 4_000  # characters
MAX_LINE = 300


def checked_text(text: str) -> str:
    """What somebody wrote, storable. Raises ServiceError `complaints.no_text`, `complaints.text_too_long`."""
    cleaned = writable(text).strip()
    if not cleaned:
        raise invalid("complaints.no_text", text="empty")
    return optional_text(cleaned)


def optional_text(text: str) -> str:
    """As `checked_text`, but may be empty."""
    cleaned = _without_secrets(writable(text).strip())
    if len(cleaned) > MAX_TEXT:
        raise invalid("complaints.text_too_long", text="too_long")
    return cleaned


def in_parts(text: str) -> list[str]:
    """A text of any length in parts that can each be kept; none for an empty one."""
    cleaned = _without_secrets(writable(text).strip())
    parts = [cleaned[begin : begin + MAX_TEXT].strip() for begin in range(0, len(cleaned), MAX_TEXT)]
    return [part for part in parts if part]


def checked_line(text: str, field: str) -> str:
    """One line, perhaps empty. Raises ServiceError `complaints.line_too_long`, which names the field."""
    cleaned = _without_secrets(" ".join(writable(text).split()))
    if len(cleaned) > MAX_LINE:
        raise invalid("complaints.line_too_long", **{field: "too_long"})
    return cleaned


def _without_secrets(text: str) -> str:
    return without_keys(without_citizen_ids(text))
