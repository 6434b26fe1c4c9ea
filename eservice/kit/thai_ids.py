"""The thirteen digits of a Thai citizen's identity card."""

import re

from eservice.kit.thai_calendar import arabic_digits

DIGITS = 13
_RUN = re.compile(r"\d+(?:[ .\-\u2010-\u2015]{1,3}\d+)*")
_GROUP = re.compile(r"\d+")
_MOST_GROUPS = DIGITS  # each has a digit at least


def is_citizen_id(digits: str) -> bool:
    """Whether these are thirteen Arabic digits of which the last is the right check digit."""
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return False
    weighed = sum(int(digit) * weight for digit, weight in zip(digits, range(DIGITS, 1, -1), strict=False))
    return (11 - weighed % 11) % 10 == int(digits[-1])


def holds_citizen_id(text: str) -> bool:
    """Whether a citizen id is written in the text, in whatever groups, in Thai or Arabic digits.

    Of other numbers with thirteen digits, one in ten passes for one by chance.
    """
    for run in _RUN.finditer(arabic_digits(text)):
        groups = _GROUP.findall(run.group())
        for first in range(len(groups)):
            number = ""
            for group in groups[first : first + _MOST_GROUPS]:
                number += group
                if len(number) >= DIGITS:
                    break
            if is_citizen_id(number):
                return True
    return False
