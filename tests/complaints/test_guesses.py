"""Who tries numbers and keys finds nothing and waits; who looks honestly does not."""

import random
from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select

from eservice.complaints import guesses, queries
from eservice.complaints.cases import Resident
from eservice.complaints.filing import Filed
from eservice.complaints.models import FailedLookup
from eservice.complaints.numbers import ALPHABET, new_key, new_number
from eservice.kit.clock import FixedClock
from eservice.kit.errors import ServiceError
from eservice.kit.unit_of_work import UnitOfWork
from tests.complaints.desk import LIGHT, Desk, refused

TRIES = 2_000


def look(uow: UnitOfWork, source: str, number: str, key: str = "") -> str:
    """What comes of one look: what was found, or the code of the refusal. As the pages do it."""
    try:
        guesses.refuse_guesser(uow, source)
        if key:
            return queries.timeline(uow, number, Resident(key=key)).text
        return queries.public_status(uow, number).number
    except ServiceError as refusal:
        if refusal.code == "complaints.not_found":
            guesses.count_failure(uow, source)
        return refusal.code


def look_once(desk: Desk, source: str, number: str, key: str = "") -> str:
    with desk.database.unit_of_work() as uow:
        return look(uow, source, number, key)


def guess(dice: random.Random, filed: Filed) -> tuple[str, str]:
    """A guess as good as guesses get: right in form, sometimes with the right number, never with the key."""
    match dice.randrange(4):
        case 0:
            return new_number(), ""
        case 1:
            return "".join(dice.choices(ALPHABET, k=8)), ""
        case 2:
            return filed.number, new_key()
        case _:
            return new_number(), new_key()


def test_ten_thousand_guesses_from_one_source_find_nothing_and_slow_nobody_else_down(
    desk: Desk, clock: FixedClock
) -> None:
    filed, dice, outcomes = desk.file(), random.Random(4), Counter[str]()
    for turn in range(100):
        with desk.database.unit_of_work() as uow:
            outcomes.update(look(uow, "203.0.113.7", *guess(dice, filed)) for _ in range(TRIES // 100))
        if turn % 10 == 5:
            assert look_once(desk, "198.51.100.20", filed.number) == filed.number
            assert look_once(desk, "198.51.100.20", filed.number, filed.key or "") == LIGHT.text
        clock.advance(seconds=100)
    assert set(outcomes) == {"complaints.not_found", "complaints.too_many_tries"}
    assert outcomes["complaints.not_found"] < 75  # in nearly three hours


def test_ten_thousand_guesses_from_a_thousand_sources_find_nothing(desk: Desk, clock: FixedClock) -> None:
    filed, dice, outcomes = desk.file(), random.Random(5), Counter[str]()
    rounds = 10 if desk.database.is_sqlite else 2  # each is counted by a row, which takes PostgreSQL its time
    for _ in range(rounds):
        with desk.database.unit_of_work() as uow:
            outcomes.update(
                look(uow, f"10.0.{host // 250}.{host % 250}", *guess(dice, filed)) for host in range(1_000)
            )
        clock.advance(seconds=1)
    assert outcomes == {"complaints.not_found": rounds * 1_000}  # ten of each are free
    assert look_once(desk, "198.51.100.20", filed.number, filed.key or "") == LIGHT.text
    is_slowed = rounds >= guesses.LIMIT.free
    assert look_once(desk, "10.0.0.0", filed.number) == (
        "complaints.too_many_tries" if is_slowed else filed.number
    )


def test_who_waits_may_look_again_and_after_an_hour_nothing_is_remembered(
    desk: Desk, clock: FixedClock
) -> None:
    filed = desk.file()
    for _ in range(guesses.LIMIT.free):
        assert look_once(desk, "a", new_number()) == "complaints.not_found"
    assert look_once(desk, "a", filed.number) == "complaints.too_many_tries"
    with desk.database.read() as reader, refused("complaints.too_many_tries") as refusal:
        guesses.refuse_guesser(reader, "a")
    clock.advance(seconds=refusal.value.retry_after_seconds or 0)
    assert look_once(desk, "a", filed.number) == filed.number
    clock.advance(seconds=guesses.WINDOW / timedelta(seconds=1))
    assert look_once(desk, "a", new_number()) == "complaints.not_found"
    with desk.database.read() as reader:
        assert reader.session.scalar(select(func.count()).select_from(FailedLookup)) == 1


def test_no_address_is_kept_as_it_is(desk: Desk) -> None:
    look_once(desk, "203.0.113.7", new_number())
    with desk.database.read() as reader:
        (source,) = reader.session.scalars(select(FailedLookup.source))
    assert "203.0.113.7" not in source and len(source) == 64
