"""The thirteen digits of a Thai citizen's identity card."""

import re
from collections.abc import Iterator

from eservice.kit.masking import MASK
from eservice.kit.thai_calendar import arabic_digits

DIGITS = 13
_RUN = re.compile(r"\d+(?:[ .\-\u2010-\u2015]{1,3}\d+)*")
_BETWEEN = re.compile(r"[\s.\-\u2010-\u2015]+")
_GROUP = re.compile(r"\d+")
_MOST_GROUPS = DIGITS  # each has a digit at least


def is_citizen_id(digits: str) -> bool:
    """Whether these are thirteen Arabic digits of which the last is the right check digit."""
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    weighed = sum(int(digit) * weight for digit, weight in zip(digits, range(DIGITS, 1, -1), strict=False))
    return (11 - weighed % 11) % 10 == int(digits[-1])


def read_citizen_id(text: str) -> str | None:
    """The thirteen digits of a citizen id that a person typed, in Thai or Arabic digits, blanks and hyphens aside."""
    digits = _BETWEEN.sub("", arabic_digits(text))
    return digits if is_citizen_id(digits) else None


def shown_citizen_id(digits: str) -> str:
    """Thirteen digits as they stand on the card: `1-2345-67890-12-1`."""
    return "-".join((digits[0], digits[1:5], digits[5:10], digits[10:12], digits[12]))


def masked_citizen_id(digits: str) -> str:
    """As `shown_citizen_id`, but all that tells who it is hidden: `x-xxxx-xxxxx-xx-1`."""
    return shown_citizen_id("x" * (DIGITS - 1) + digits[-1])


def holds_citizen_id(text: str) -> bool:
    """Whether a citizen id is written in the text, in whatever groups, in Thai or Arabic digits.

    Of other numbers with thirteen digits, one in ten passes for one by chance.
    """
    return next(_places(text), None) is not None


def without_citizen_ids(text: str) -> str:
    """The text with every citizen id hidden, as `holds_citizen_id` finds them: nobody here needs one."""
    for begin, end in reversed(list(_places(text))):
        text = text[:begin] + MASK + text[end:]
    return text


def _places(text: str) -> Iterator[tuple[int, int]]:
    """Where citizen ids stand, from left to right, none within another."""
    for run in _RUN.finditer(arabic_digits(text)):
        groups = list(_GROUP.finditer(run.group()))
        past = 0
        for first, group in enumerate(groups):
            if group.start() < past:
                continue
            number = ""
            for last in groups[first : first + _MOST_GROUPS]:
                number += last.group()
                if len(number) >= DIGITS:
                    if is_citizen_id(number):
                        past = last.end()
                        yield run.start() + group.start(), run.start() + past
                    break
