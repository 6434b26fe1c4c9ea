"""Checks of typed answers, shared by the flows. Each returns the key of what is wrong, or None."""

import re

from eservice.kit.thai_calendar import arabic_digits

_PHONE = re.compile(r"(?:\+66|0)\d{8,9}")


def phone_problem(text: str) -> str | None:
    """A Thai telephone number of 9 or 10 digits, however it is spaced."""
    digits = re.sub(r"[\s\-().]", "", arabic_digits(text))
    return None if _PHONE.fullmatch(digits) else "talk.phone_wrong"
