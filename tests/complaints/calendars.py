"""Random calendars for tests, and a slow model of working time that looks at every minute."""

from datetime import UTC, datetime, time, timedelta

from hypothesis import strategies as st

from eservice.complaints.clocks import WorkingHours
from eservice.kit.thai_calendar import local

FIRST_INSTANT = datetime(2026, 9, 20, tzinfo=UTC)
FIRST_DAY = FIRST_INSTANT.date()  # the fiscal and the calendar year end soon after

instants = st.timedeltas(timedelta(), timedelta(days=120)).map(lambda passed: FIRST_INSTANT + passed)


@st.composite
def calendars(draw: st.DrawFn) -> WorkingHours:
    """Any hours and weekdays, with or without lunch, and up to forty holidays."""
    size = 4 if draw(st.booleans()) else 2
    edges = sorted(draw(st.sets(st.integers(0, 24 * 60 - 1), min_size=size, max_size=size)))
    opens, *lunch, closes = (time(edge // 60, edge % 60) for edge in edges)
    return WorkingHours(
        opens=opens,
        closes=closes,
        lunch=(lunch[0], lunch[1]) if lunch else None,
        weekdays=draw(st.frozensets(st.integers(0, 6), min_size=1)),
        holidays=frozenset(
            FIRST_DAY + timedelta(days=place) for place in draw(st.sets(st.integers(0, 150), max_size=40))
        ),
    )


def working_minutes_of(hours: WorkingHours, start: datetime, count: int) -> list[bool]:
    """Of each of the `count` minutes from `start`, whether it is worked."""
    here = local(start)
    found: list[bool] = []
    for _ in range(count):
        found.append(_is_worked(hours, here))
        here += timedelta(minutes=1)
    return found


def _is_worked(hours: WorkingHours, here: datetime) -> bool:
    now = here.time()
    if not hours.opens <= now < hours.closes:
        return False
    if hours.lunch is not None and hours.lunch[0] <= now < hours.lunch[1]:
        return False
    return here.weekday() in hours.weekdays and here.date() not in hours.holidays
