"""The office's rules of learning: when a wording of residents becomes part of what the bot knows."""

from dataclasses import asdict, dataclass, fields

from eservice.kit import audit
from eservice.kit.errors import invalid
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from knowledge.entries.models import LearningMode, LearningRulesRow

THE_ONE = 1  # the id of the one set of rules


@dataclass(frozen=True, kw_only=True)
class LearningRules:
    """What the administrator sets. People are different contacts; all of the web chat together count as one."""

    mode: LearningMode = LearningMode.REVIEWED
    review_people: int = 1  # so many confirm a wording before staff are asked about it
    people: int = 3  # so many must agree before it is learned without staff
    days: int = 2  # on so many different days of the Thai calendar
    contact_age_days: int = 1  # and each of them must have been known so long
    daily_limit: int = 5  # wordings learned without staff, of one entry in 24 hours
    corrections_at_once: bool = True  # a correction by staff needs no second pair of eyes


LIMITS: dict[str, tuple[int, int]] = {
    "review_people": (1, 10),
    "people": (2, 20),  # one person alone never teaches
    "days": (1, 30),
    "contact_age_days": (0, 30),
    "daily_limit": (1, 50),
}
"""The least and the most of each number."""


def get_rules(reader: ReadOnly) -> LearningRules:
    """The rules in force."""
    row = reader.session.get(LearningRulesRow, THE_ONE)
    if row is None:
        return LearningRules()
    return LearningRules(**{field.name: getattr(row, field.name) for field in fields(LearningRules)})


def change_rules(uow: UnitOfWork, rules: LearningRules, *, actor: str) -> None:
    """Puts rules in force for what is said from now on. Raises ServiceError `faq.invalid_rules` with its fields."""
    faults = {
        name: "out_of_range"
        for name, (least, most) in LIMITS.items()
        if not least <= getattr(rules, name) <= most
    }
    if faults:
        raise invalid("faq.invalid_rules", **faults)
    before, after = asdict(get_rules(uow)), asdict(rules)
    if before == after:
        return
    row = uow.session.get(LearningRulesRow, THE_ONE)
    if row is None:
        uow.session.add(LearningRulesRow(id=THE_ONE, **after, updated_at=uow.now))
    else:
        for name, value in after.items():
            setattr(row, name, value)
        row.updated_at = uow.now
    audit.record(
        uow, actor=actor, action="faq_learning.rules_changed", subject_kind="faq_learning",
        subject_id=THE_ONE, before=before, after=after,
    )  # fmt: skip
