"""The days on which the office is closed: its own list, and Thai public holidays for the years it says nothing of.

Announced years are facts; later ones are forecasts, and their names say so where people read them. Pure.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

FORECAST = "(คาดการณ์)"
SUBSTITUTE = "ชดเชย"

_SHIPPED = tomllib.loads(Path(__file__).with_name("holidays.toml").read_text(encoding="utf-8"))
_LAST_SHIPPED_YEAR = int(max(_SHIPPED["forecast"])[:4])


@dataclass(frozen=True, kw_only=True)
class Holiday:
    """A day on which the office is closed, and why."""

    day: date
    name: str

    @property
    def is_forecast(self) -> bool:
        """Whether the day is expected but not announced. The name says it, so whoever edits it decides it."""
        return self.name.endswith(FORECAST)


def shipped_holidays() -> tuple[Holiday, ...]:
    """The public holidays known for certain or by forecast, in order: what a new office begins with."""
    listed = {
        **_SHIPPED["announced"],
        **{day: f"{name} {FORECAST}" for day, name in _SHIPPED["forecast"].items()},
    }
    return tuple(Holiday(day=date.fromisoformat(day), name=name) for day, name in sorted(listed.items()))


def days_off(listed: Iterable[Holiday], years: Iterable[int]) -> tuple[Holiday, ...]:
    """The days off in these years (of the common era), in order, weekends aside.

    `listed` is the office's own list. It alone counts for every year of which it names a day: so an office adds
    and removes days. Any other year has the public holidays.
    """
    own = tuple(listed)
    own_years = {holiday.day.year for holiday in own}
    asked = set(years)
    found = [holiday for holiday in own if holiday.day.year in asked]
    for year in asked - own_years:
        found += public_holidays(year)
    return tuple(sorted(found, key=lambda holiday: holiday.day))


@cache
def public_holidays(year: int) -> tuple[Holiday, ...]:
    """The public holidays of a year of the common era; none for a year before the first one shipped.

    After the last one shipped only holidays of fixed dates are forecast: those of the moon and of a yearly
    decision are not guessed.
    """
    if year > _LAST_SHIPPED_YEAR:
        return tuple(sorted(_forecast(year), key=lambda holiday: holiday.day))
    return tuple(holiday for holiday in shipped_holidays() if holiday.day.year == year)


def _forecast(year: int) -> Iterator[Holiday]:
    """The holidays of fixed dates on working days, and the substitutes of those that fall on a weekend."""
    fixed = _fixed_dates(year)
    around = {**_fixed_dates(year - 1), **fixed}
    for day, name in fixed.items():
        if day.weekday() < 5:
            yield Holiday(day=day, name=f"{name} {FORECAST}")
    substituted: set[date] = set()
    for day, name in around.items():
        if day.weekday() >= 5:
            instead = _next_working_day(day, around)
            # Festivals of several days get one day for all that fall on a weekend, as in the years before.
            if instead.year == year and instead not in substituted:
                substituted.add(instead)
                yield Holiday(day=instead, name=f"{SUBSTITUTE}{name} {FORECAST}")


def _next_working_day(day: date, holidays: dict[date, str]) -> date:
    while day.weekday() >= 5 or day in holidays:
        day += timedelta(days=1)
    return day


def _fixed_dates(year: int) -> dict[date, str]:
    return {date.fromisoformat(f"{year}-{day}"): name for day, name in _SHIPPED["every_year"].items()}
