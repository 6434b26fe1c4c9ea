"""Reading a village out of words: หมู่ 3, ม.3, หมู่ที่ ๓ are one and the same."""

import re

from eservice.kit.thai_calendar import arabic_digits

_MOO = re.compile(
    r"(?:หมู่(?:ที่|บ้านที่)?|(?<![ก-๙A-Za-z])ม\.|(?<![ก-๙A-Za-z])moo)\s*(\d{1,2})(?!\d)", re.IGNORECASE
)


def read_village(text: str) -> str:
    """The village that a text names first, as "หมู่ 3"; empty when it names none."""
    found = _MOO.search(arabic_digits(text))
    return f"หมู่ {int(found.group(1))}" if found else ""
