"""The chains of audit and traffic on the command line: are they whole; and a new seal for a new SECRET_KEY."""

import threading
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from eservice.kit import audit
from eservice.kit.chain import Fault, Verified, key_id, seal_anew, verify
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.settings import Settings
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly
from eservice.operations import marks
from eservice.operations.marks import CHAINS, Because, Kept

VERIFIED = "chain.verified"
CLI = "cli"  # whoever has the machine
TEXTS = Catalogue(Path(__file__).parents[1] / "text")
_SEALED: dict[Fault | None, str] = {Fault.OTHER_KEY: "chains.resealed", Fault.OLDER: "chains.marked_anew"}
_one_at_a_time = threading.Lock()


def verify_all(reader: ReadOnly, kept: Kept = marks.NOTHING) -> list[Verified]:
    """Every chain, from its first row to its last, and whether it has come as far as was noted.

    Reads all there is: not for a page that somebody waits for.
    """
    found = [verify(reader, chain) for chain in CHAINS]
    older = marks.compare(reader, kept).older

    def held_against_marks(each: Verified) -> Verified:
        if each.fault is None and each.name in older:
            return replace(each, fault=Fault.OLDER, record=older[each.name].sequence)
        if each.fault is None and kept.is_damaged:
            return replace(each, fault=Fault.MARKS_DAMAGED)
        return each

    return [held_against_marks(each) for each in found]


def verify_on_record(database: Database, settings: Settings, *, actor: str) -> None:
    """Verifies every chain and records what was found, for the console to show. One at a time in a process."""
    if not _one_at_a_time.acquire(blocking=False):
        return
    try:
        kept = marks.read(marks.folders_of(settings))
        with database.read() as reader:
            found = verify_all(reader, kept)
        with database.unit_of_work() as uow:
            audit.record(
                uow, actor=actor, action=VERIFIED, subject_kind="chain", subject_id="all",
                after={
                    each.name: {"fault": each.fault, "record": each.record, "rows": each.rows, "mark": each.mark}
                    for each in found
                },
            )  # fmt: skip
    finally:
        _one_at_a_time.release()


def show(database: Database, settings: Settings) -> None:
    """`audit verify`: a line for each chain that is whole, and since when it was noted how far they have come.

    Raises ServiceError `chain.<fault>` for the first that is not.
    """
    kept = marks.read(marks.folders_of(settings))
    with database.read() as reader:
        found = verify_all(reader, kept)
        compared = marks.compare(reader, kept)
    for each in found:
        if each.fault is None:
            print(TEXTS.both("chains.whole", name=each.name, rows=f"{each.rows:,}", mark=each.mark))
    if compared.begun is not None:
        time, what = compared.begun.at, compared.begun.what
        print(TEXTS.both(f"chains.begun.{compared.begun.because.value}", time=time, what=what))
    if any(each.fault is not None for each in found):
        print(TEXTS.both("chains.what_now"))
    _require_whole(found)
    if compared.noted_at is not None:
        print(TEXTS.both("chains.noted", time=compared.noted_at))


def require_whole(database: Database, *, whatever_key: bool = False) -> None:
    """Raises ServiceError `chain.<fault>` for the first chain that is not whole.

    `whatever_key`: a seal of another SECRET_KEY, which nobody here can judge, is none.
    """
    with database.read() as reader:
        found = verify_all(reader)
    _require_whole(each for each in found if not (whatever_key and each.fault is Fault.OTHER_KEY))


def _require_whole(found: Iterable[Verified]) -> None:
    for each in found:
        if each.fault is not None:
            raise _broken(each)


def reseal(database: Database, settings: Settings, reason: str) -> None:
    """`audit reseal`: after a change of SECRET_KEY seals what hangs together with the new one, and records it.

    A database that is older than was noted, for a reason that somebody gives, counts from now on.
    Raises ServiceError `chain.<fault>` for a chain with any other fault: no seal makes that good again.
    """
    kept = marks.read(marks.folders_of(settings))
    with database.unit_of_work() as uow:
        found = verify_all(uow, kept)
        for each in found:
            if each.fault not in (None, Fault.OTHER_KEY, Fault.OLDER):
                raise _broken(each)
        for chain, each in zip(CHAINS, found, strict=True):
            if each.fault is Fault.OTHER_KEY:
                head = seal_anew(uow, chain)
                audit.record(
                    uow, actor=CLI, action="chain.resealed", subject_kind="chain", subject_id=chain.name,
                    before={"key": head.key_id}, after={"key": key_id(uow.signing_key), "reason": reason[:300]},
                )  # fmt: skip
            elif each.fault is Fault.OLDER:
                audit.record(
                    uow, actor=CLI, action="chain.marked_anew", subject_kind="chain", subject_id=chain.name,
                    after={"noted": each.record, "reason": reason[:300]},
                )  # fmt: skip
    if any(each.fault is Fault.OLDER for each in found):
        marks.begin_anew(database, settings.data_dir, Because.MARKED_ANEW)
    for each in found:
        key = _SEALED.get(each.fault, "chains.sealed_already")
        print(TEXTS.both(key, name=each.name))


def _broken(found: Verified) -> ServiceError:
    parameters = {"name": found.name, "record": str(found.record or "-")}
    return ServiceError(f"chain.{found.fault}", ErrorKind.CONFLICT, parameters=parameters)
