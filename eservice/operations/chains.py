"""The chains of audit and traffic on the command line: are they whole; and a new seal for a new SECRET_KEY."""

import threading
from collections.abc import Iterable
from pathlib import Path

from eservice.kit import audit
from eservice.kit.chain import Fault, Verified, key_id, seal_anew, verify
from eservice.kit.database import Database
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.text import Catalogue
from eservice.kit.unit_of_work import ReadOnly
from eservice.traffic import models as traffic

CHAINS = (traffic.CHAIN, audit.CHAIN)
"""In the order in which one transaction locks their heads: the audit's last, as every commit with a record does."""
VERIFIED = "chain.verified"
CLI = "cli"  # whoever has the machine
TEXTS = Catalogue(Path(__file__).parents[1] / "text")
_one_at_a_time = threading.Lock()


def verify_all(reader: ReadOnly) -> list[Verified]:
    """Every chain, from its first row to its last. Reads all there is: not for a page that somebody waits for."""
    return [verify(reader, chain) for chain in CHAINS]


def verify_on_record(database: Database, *, actor: str) -> None:
    """Verifies every chain and records what was found, for the console to show. One at a time in a process."""
    if not _one_at_a_time.acquire(blocking=False):
        return
    try:
        with database.read() as reader:
            found = verify_all(reader)
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


def show(database: Database) -> None:
    """`audit verify`: a line for each chain that is whole.

    Raises ServiceError `chain.<fault>` for the first that is not.
    """
    with database.read() as reader:
        found = verify_all(reader)
    for each in found:
        if each.fault is None:
            print(TEXTS.both("chains.whole", name=each.name, rows=f"{each.rows:,}", mark=each.mark))
    _require_whole(found)


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


def reseal(database: Database, reason: str) -> None:
    """`audit reseal`: after a change of SECRET_KEY seals what hangs together with the new one, and records it.

    Raises ServiceError `chain.<fault>` for a chain with any other fault: no seal makes that good again.
    """
    with database.unit_of_work() as uow:
        found = verify_all(uow)
        for each in found:
            if each.fault not in (None, Fault.OTHER_KEY):
                raise _broken(each)
        for chain, each in zip(CHAINS, found, strict=True):
            if each.fault is None:
                continue
            head = seal_anew(uow, chain)
            audit.record(
                uow, actor=CLI, action="chain.resealed", subject_kind="chain", subject_id=chain.name,
                before={"key": head.key_id}, after={"key": key_id(uow.signing_key), "reason": reason[:300]},
            )  # fmt: skip
    for each in found:
        key = "chains.sealed_already" if each.fault is None else "chains.resealed"
        print(TEXTS.both(key, name=each.name))


def _broken(found: Verified) -> ServiceError:
    parameters = {"name": found.name, "record": str(found.record or "-")}
    return ServiceError(f"chain.{found.fault}", ErrorKind.CONFLICT, parameters=parameters)
