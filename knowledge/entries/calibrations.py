"""The office's own measure of sure enough, version by version. The newest is in force; none is ever changed.

Raises ServiceError `calibration.not_found` and `calibration.invalid` (with its fields).
"""

import math
from collections.abc import Sequence

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.errors import invalid, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from knowledge.entries.models import CalibrationOrigin, CalibrationVersion
from knowledge.entries.service import take_turn
from knowledge.search import Calibration
from knowledge.search.recalibration import ANSWER_PERCENTS, CLARIFY_PERCENTS, Counts, Picture
from knowledge.search.weights import FINGERPRINT

_FIRST = 1  # the number of what was shipped, kept once anything else is saved


def in_force(reader: ReadOnly) -> Calibration:
    """What is sure enough now; as shipped while the office has saved nothing."""
    row = newest(reader)
    return calibration_of(row) if row is not None else Calibration()


def newest(reader: ReadOnly) -> CalibrationVersion | None:
    """The version in force; None while the office has saved nothing."""
    return reader.session.scalar(
        select(CalibrationVersion).order_by(CalibrationVersion.number.desc()).limit(1)
    )


def is_outdated(reader: ReadOnly) -> bool:
    """Whether the office's own setting was made for shipped numbers that a new release has replaced."""
    row = newest(reader)
    return row is not None and row.weights != FINGERPRINT


def versions(reader: ReadOnly, limit: int = 50) -> Sequence[CalibrationVersion]:
    """The versions, newest first."""
    return reader.session.scalars(
        select(CalibrationVersion).order_by(CalibrationVersion.number.desc()).limit(limit)
    ).all()


def calibration_of(row: CalibrationVersion) -> Calibration:
    """What a version says."""
    return Calibration(
        slope=row.slope,
        shift=row.shift,
        answer_threshold=row.answer_threshold,
        clarify_threshold=row.clarify_threshold,
    )


def move(uow: UnitOfWork, calibration: Calibration, seen: Picture, *, actor: str) -> CalibrationVersion:
    """Saves thresholds moved by hand; `seen` is what becomes of the test questions at them.

    What was learned beneath them is still what it was: only as shipped it goes with any release.
    """
    before = newest(uow)
    is_shipped = (calibration.slope, calibration.shift) == (Calibration().slope, Calibration().shift)
    weights = FINGERPRINT if is_shipped or before is None else before.weights
    return _save(uow, calibration, seen, CalibrationOrigin.MOVED, actor, weights=weights)


def recalibrate(
    uow: UnitOfWork,
    calibration: Calibration,
    seen: Picture,
    *,
    wanted_share: float,
    confirmations: int,
    actor: str,
) -> CalibrationVersion:
    """Saves what was learned from test questions and so many confirmations, for this share of right answers."""
    return _save(
        uow, calibration, seen, CalibrationOrigin.RECALIBRATED, actor, weights=FINGERPRINT,
        wanted_share=wanted_share, confirmations=confirmations,
    )  # fmt: skip


def restore(uow: UnitOfWork, number: int, seen: Picture, *, actor: str) -> CalibrationVersion:
    """Puts an older version in force again, as a new one; `seen` is the picture of today's questions under it."""
    older = version(uow, number)
    return _save(
        uow, calibration_of(older), seen, CalibrationOrigin.RESTORED, actor, weights=older.weights,
        restored_number=number,
    )  # fmt: skip


def version(reader: ReadOnly, number: int) -> CalibrationVersion:
    """One version."""
    row = reader.session.scalar(select(CalibrationVersion).where(CalibrationVersion.number == number))
    if row is None:
        raise not_found("calibration.not_found")
    return row


def _save(
    uow: UnitOfWork,
    calibration: Calibration,
    seen: Picture,
    origin: CalibrationOrigin,
    actor: str,
    *,
    weights: str | None,
    restored_number: int | None = None,
    wanted_share: float | None = None,
    confirmations: int = 0,
) -> CalibrationVersion:
    _check(calibration)
    take_turn(uow)
    before = newest(uow)
    if before is None:
        before = _row(Calibration(), CalibrationOrigin.SHIPPED, audit.SYSTEM, uow, number=_FIRST)
        before.weights = FINGERPRINT
        uow.session.add(before)
    row = _row(calibration, origin, actor, uow, number=before.number + 1)
    row.weights = weights
    row.restored_number, row.wanted_share, row.confirmations = restored_number, wanted_share, confirmations
    row.with_entry, row.without_entry = _stored(seen.with_entry), _stored(seen.without_entry)
    uow.session.add(row)
    audit.record(
        uow, actor=actor, action=f"calibration.{origin.value}", subject_kind="calibration",
        subject_id=row.number, before=_plain(before), after=_plain(row),
    )  # fmt: skip
    return row


def _row(
    calibration: Calibration, origin: CalibrationOrigin, actor: str, uow: UnitOfWork, *, number: int
) -> CalibrationVersion:
    return CalibrationVersion(
        number=number,
        origin=origin,
        slope=calibration.slope,
        shift=calibration.shift,
        answer_threshold=calibration.answer_threshold,
        clarify_threshold=calibration.clarify_threshold,
        with_entry={},
        without_entry={},
        confirmations=0,
        created_by=actor,
        created_at=uow.now,
    )


def _stored(counts: Counts) -> dict[str, int]:
    return {outcome.value: count for outcome, count in counts.items()}


def _check(calibration: Calibration) -> None:
    """Refuses thresholds out of range and numbers that are none."""
    answer, clarify = round(100 * calibration.answer_threshold), round(100 * calibration.clarify_threshold)
    found = {}
    if answer not in ANSWER_PERCENTS:
        found["answer"] = "out_of_range"
    if clarify not in CLARIFY_PERCENTS:
        found["clarify"] = "out_of_range"
    elif clarify > answer:
        found["clarify"] = "above_answer"
    if not (calibration.slope > 0 and math.isfinite(calibration.slope) and math.isfinite(calibration.shift)):
        found["slope"] = "out_of_range"
    if found:
        raise invalid("calibration.invalid", **found)


def _plain(row: CalibrationVersion) -> dict[str, float | int]:
    """The version as the audit keeps it."""
    return {
        "version": row.number,
        "slope": row.slope,
        "shift": row.shift,
        "answer_threshold": row.answer_threshold,
        "clarify_threshold": row.clarify_threshold,
    }
