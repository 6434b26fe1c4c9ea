"""Questions that need no answer, such as a single word or none of ours: passed over until many more ask them."""

from collections.abc import Collection

from sqlalchemy import delete, select

from eservice.kit import audit
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.messaging.models import Direction, Message
from knowledge.entries.models import PassedOver
from knowledge.entries.service import take_turn

LEAST_GROWTH = 3  # further questions without which nothing comes back


def passed_over(reader: ReadOnly) -> set[int]:
    """The messages whose questions were passed over."""
    return set(reader.session.scalars(select(PassedOver.message_id)))


def stays_passed_over(questions: Collection[int], passed: set[int]) -> bool:
    """Whether questions that ask the same, by message, stay out of sight: some were passed over, and they have
    not grown since to twice as many."""
    seen = len(passed.intersection(questions))
    return seen > 0 and len(questions) - seen < max(seen, LEAST_GROWTH)


def pass_over(uow: UnitOfWork, message_ids: Collection[int], *, actor: str) -> int:
    """Passes over these questions of residents; returns how many were not passed over yet."""
    take_turn(uow)  # two clerks may pass over the same topic at once
    asked = select(Message.id).where(Message.id.in_(message_ids), Message.direction == Direction.IN)
    new = sorted(set(uow.session.scalars(asked)) - passed_over(uow))
    uow.session.add_all(PassedOver(message_id=message_id, by=actor, at=uow.now) for message_id in new)
    if new:
        _record(uow, "passed_over", new, actor)
    return len(new)


def take_back(uow: UnitOfWork, message_ids: Collection[int], *, actor: str) -> int:
    """Brings questions that were passed over into sight again; returns how many there were."""
    back = sorted(passed_over(uow).intersection(message_ids))
    uow.session.execute(delete(PassedOver).where(PassedOver.message_id.in_(back)))
    if back:
        _record(uow, "taken_back", back, actor)
    return len(back)


def _record(uow: UnitOfWork, verb: str, message_ids: list[int], actor: str) -> None:
    """The audit names a topic by its first question, and keeps no words."""
    audit.record(
        uow, actor=actor, action=f"faq_unanswered.{verb}", subject_kind="faq_unanswered",
        subject_id=message_ids[0], after={"questions": len(message_ids)},
    )  # fmt: skip
