"""The Thai edge of time: Asia/Bangkok, Buddhist-era years, Thai month names, digits, the fiscal year.

Nothing else in the product knows these. Instants inside are aware UTC datetimes; naive ones are refused.
"""

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

BANGKOK = ZoneInfo("Asia/Bangkok")
BUDDHIST_ERA_OFFSET = 543
FIRST_BUDDHIST_YEAR = 2400  # in a typed date; smaller ones are of the common era

MONTHS_SHORT = (
    "ม.ค.",
    "ก.พ.",
    "มี.ค.",
    "เม.ย.",
    "พ.ค.",
    "มิ.ย.",
    "ก.ค.",
    "ส.ค.",
    "ก.ย.",
    "ต.ค.",
    "พ.ย.",
    "ธ.ค.",
)
MONTHS = (
    "มกราคม",
    "กุมภาพันธ์",
    "มีนาคม",
    "เมษายน",
    "พฤษภาคม",
    "มิถุนายน",
    "กรกฎาคม",
    "สิงหาคม",
    "กันยายน",
    "ตุลาคม",
    "พฤศจิกายน",
    "ธันวาคม",
)
WEEKDAYS_SHORT = ("จ.", "อ.", "พ.", "พฤ.", "ศ.", "ส.", "อา.")
WEEKDAYS = ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์")

_DATE = re.compile(
    r"""(?:(?P<year_first>\d{4})-(?P<month_first>\d{1,2})-(?P<day_first>\d{1,2})
      |(?P<day>\d{1,2})\s*[-/.\s]?\s*(?P<month>\d{1,2}(?=\D)|[ก-๙.]+?)\s*[-/.\s]?\s*(?:พ\.?ศ\.?)?\s*(?P<year>\d{4})
    )(?!\d)""",
    re.VERBOSE,
)
_TO_THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
_TO_ARABIC_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


def local(instant: datetime) -> datetime:
    """The instant on a Thai wall clock. Raises ValueError for a naive datetime."""
    if instant.tzinfo is None:
        raise ValueError("an instant carries its zone")
    return instant.astimezone(BANGKOK)


def local_date(instant: datetime) -> date:
    """The Thai calendar day of the instant."""
    return local(instant).date()


def at_bangkok(day: date, clock_time: time) -> datetime:
    """The instant of a Thai wall-clock time."""
    return datetime.combine(day, clock_time, tzinfo=BANGKOK)


def thai_date(value: datetime | date) -> str:
    """`20 พ.ย. 2569`."""
    day = _day(value)
    return f"{day.day} {MONTHS_SHORT[day.month - 1]} {day.year + BUDDHIST_ERA_OFFSET}"


def thai_date_long(value: datetime | date) -> str:
    """`วันศุกร์ที่ 20 พฤศจิกายน 2569`."""
    day = _day(value)
    name = WEEKDAYS[day.weekday()]
    return f"วัน{name}ที่ {day.day} {MONTHS[day.month - 1]} {day.year + BUDDHIST_ERA_OFFSET}"


def thai_weekday_date(value: datetime | date) -> str:
    """`ศ. 20 พ.ย.`: for the near future, where the year is plain."""
    day = _day(value)
    return f"{WEEKDAYS_SHORT[day.weekday()]} {day.day} {MONTHS_SHORT[day.month - 1]}"


def thai_time(instant: datetime) -> str:
    """`16.30 น.`."""
    return local(instant).strftime("%H.%M") + " น."


def shown_in(language: str, instant: datetime) -> str:
    """An instant as each language writes it: in Thailand's time, the year of the Buddhist era in Thai only."""
    return thai_datetime(instant) if language == "th" else f"{local(instant):%Y-%m-%d %H:%M}"


def thai_datetime(instant: datetime) -> str:
    """`20 พ.ย. 2569 16.30 น.`."""
    return f"{thai_date(instant)} {thai_time(instant)}"


def fiscal_year(value: datetime | date) -> int:
    """The Buddhist-era fiscal year, which begins on 1 October of the year before."""
    day = _day(value)
    return day.year + BUDDHIST_ERA_OFFSET + (1 if day.month >= 10 else 0)


def parse_thai_date(text: str) -> date:
    """Reads `20/11/2569`, `20-11-2026`, `20 พ.ย. 2569`, `20พฤศจิกายน2569`, `2569-11-20`; Thai digits too.

    Years from 2400 on are Buddhist-era. Raises ValueError for anything else, also for a year of two digits,
    which may be of either era.
    """
    day, rest = leading_thai_date(text)
    if rest:
        raise ValueError("more than a date")
    return day


def leading_thai_date(text: str) -> tuple[date, str]:
    """The date with which a text begins, read as `parse_thai_date` does, and what comes after it, trimmed.

    Raises ValueError where it begins with none.
    """
    cleaned = text.strip()
    found = _DATE.match(arabic_digits(cleaned))
    if found is None:
        raise ValueError("a date has a day, a month and a year of four digits")
    day, month, year = (found[f"{name}_first"] or found[name] for name in ("day", "month", "year"))
    number = int(year)
    era = BUDDHIST_ERA_OFFSET if number >= FIRST_BUDDHIST_YEAR else 0
    return date(number - era, _month(month), int(day)), cleaned[found.end() :].strip()


def _month(text: str) -> int:
    if text.isdecimal():
        return int(text)
    bare = text.replace(".", "")
    for names in (MONTHS_SHORT, MONTHS):
        for number, name in enumerate(names, start=1):
            if name.replace(".", "") == bare:
                return number
    raise ValueError("no month of this name")


def thai_digits(text: str) -> str:
    """Arabic digits as ๐–๙."""
    return text.translate(_TO_THAI_DIGITS)


def arabic_digits(text: str) -> str:
    """๐–๙ as Arabic digits."""
    return text.translate(_TO_ARABIC_DIGITS)


def next_weekday_opening(now: datetime, opening: time, closing: time, holidays: frozenset[date]) -> datetime:
    """The next instant at which an office open Monday to Friday answers: `now` itself while it is open."""
    here = local(now)
    day = here.date()
    if _is_working_day(day, holidays) and opening <= here.time() < closing:
        return now
    if not _is_working_day(day, holidays) or here.time() >= closing:
        day += timedelta(days=1)
    while not _is_working_day(day, holidays):
        day += timedelta(days=1)
    return at_bangkok(day, opening)


def _is_working_day(day: date, holidays: frozenset[date]) -> bool:
    return day.weekday() < 5 and day not in holidays


def _day(value: datetime | date) -> date:
    return local_date(value) if isinstance(value, datetime) else value
