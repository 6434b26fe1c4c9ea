"""A day as somebody typed it into a search: read where it can be, shown again as it was understood."""

from dataclasses import dataclass
from datetime import date

from eservice.kit.thai_calendar import parse_thai_date, thai_date

YEARS = range(2000, 2200)  # that can be reckoned with
LONGEST = 40  # characters that a date field takes


@dataclass(frozen=True, kw_only=True)
class TypedDay:
    """`day` is None for an empty field and for a broken one, which is `is_broken`; `words` go back into the field."""

    day: date | None
    words: str
    is_broken: bool


def typed_day(text: str) -> TypedDay:
    """What a date field says; a day of another age is as broken as one that does not exist."""
    typed = text.strip()
    try:
        found = parse_thai_date(typed)
    except ValueError:
        return TypedDay(day=None, words=typed, is_broken=bool(typed))
    if found.year not in YEARS:
        return TypedDay(day=None, words=typed, is_broken=True)
    return TypedDay(day=found, words=thai_date(found), is_broken=False)
