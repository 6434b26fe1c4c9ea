"""Reading a village out of words: หมู่ 3, ม.3, หมู่ที่ ๓ are one and the same."""

import re

from eservice.kit.thai_calendar import arabic_digits

# Thai is written without spaces: before "ม." anything may stand but what makes it a measure (กม., ตร.ม., yet
# not จากม.3 and แยกม.3), and a class of a school (ชั้น ม.3) is no village.
_MOO = re.compile(
    r"(?:"
    r"หมู่(?:บ้าน)?(?:ที่)?|หมู่\."
    r"|(?<![ซม.])(?<!^ก)(?<![^ายอุึัิ]ก)(?<!ชั้น)(?<!ชั้น )(?<!เรียน)(?<!เรียน )(?<!เด็ก)(?<!เด็ก )ม\."
    r"|(?<![A-Za-z])moo\.?"
    r")\s*0?([1-9]\d?)(?!\d)",
    re.IGNORECASE,
)


def read_village(text: str) -> str:
    """The village that a text names first, as "หมู่ 3"; empty when it names none."""
    found = _MOO.search(arabic_digits(text))
    return f"หมู่ {found.group(1)}" if found else ""
