"""The office's own words: synonyms, protected words and stop phrases, kept, audited, told to the live views.

Raises ServiceError `faq_words.not_found`, `faq_words.changed` (a colleague was faster) and, for a rule that
does harm, the codes of `word_rules`; their parameters name the word and what it meets.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.errors import ErrorKind, ServiceError, conflict, not_found
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from knowledge.entries import word_rules
from knowledge.entries.models import OFFICE_WORDS, Entry, EntryChange, EntryVersion, WordRule
from knowledge.entries.service import take_turn
from knowledge.entries.word_rules import Rule, Surroundings
from knowledge.thai import OfficeWords

SUBJECT = "faq_words"  # in the audit


def rules(reader: ReadOnly) -> Sequence[WordRule]:
    """The rules in use, the oldest first."""
    return reader.session.scalars(
        select(WordRule).where(WordRule.retired_at.is_(None)).order_by(WordRule.id)
    ).all()


def retired_rules(reader: ReadOnly, limit: int = 30) -> Sequence[WordRule]:
    """The rules no longer in use, those retired last first."""
    return reader.session.scalars(
        select(WordRule)
        .where(WordRule.retired_at.is_not(None))
        .order_by(WordRule.retired_at.desc(), WordRule.id.desc())
        .limit(limit)
    ).all()


def rule_in_use(reader: ReadOnly, rule_id: int) -> WordRule:
    """One rule. Raises ServiceError `faq_words.changed` for one that is retired, also by being rewritten."""
    found = reader.session.get(WordRule, rule_id)
    if found is None:
        raise not_found("faq_words.not_found")
    if found.retired_at is not None:
        raise conflict("faq_words.changed")
    return found


def rule_of(row: WordRule) -> Rule:
    """A stored rule as it was written."""
    return Rule(kind=row.kind, words=tuple(row.words), note=row.note)


def office_words(reader: ReadOnly) -> OfficeWords:
    """What the answer engine is to know besides the shipped words."""
    return word_rules.office_words(map(rule_of, rules(reader)))


def checked(reader: ReadOnly, rule: Rule, *, instead_of: int | None = None) -> Rule:
    """The rule, tidied, if it may be added, or put in the place of another one. Changes nothing."""
    rule = word_rules.tidied(rule)
    others = [rule_of(row) for row in rules(reader) if row.id != instead_of]
    versions = _live_versions(reader)
    among = Surroundings(
        rules=others,
        keywords=[keyword for version in versions for keyword in version.keywords],
        phrasings=[text for version in versions for text in (version.question, *version.variants)],
    )
    if fault := word_rules.fault_of(rule, among):
        field = "note" if fault.code == "faq_words.note_too_long" else "words"
        raise ServiceError(
            fault.code,
            ErrorKind.INVALID,
            fields={field: fault.code},
            parameters={"word": fault.word, "other": fault.other},
        )
    return rule


def words_after(reader: ReadOnly, rule: Rule | None, *, instead_of: int | None = None) -> OfficeWords:
    """What the engine would know with one rule more, or one in the place of another; without `rule`, less."""
    kept = [rule_of(row) for row in rules(reader) if row.id != instead_of]
    return word_rules.office_words(kept if rule is None else [*kept, rule])


def add(uow: UnitOfWork, rule: Rule, *, actor: str) -> WordRule:
    """Puts a rule into use."""
    take_turn(uow)
    row = _insert(uow, checked(uow, rule), actor)
    _record(uow, row, "added", actor, after=_plain(row))
    return row


def change(uow: UnitOfWork, rule_id: int, rule: Rule, *, actor: str) -> WordRule:
    """Puts a rule in the place of another; the same words and note again change nothing."""
    take_turn(uow)
    before = rule_in_use(uow, rule_id)
    rule = checked(uow, rule, instead_of=rule_id)
    if rule == rule_of(before):
        return before
    before.retired_by, before.retired_at = actor, uow.now
    row = _insert(uow, rule, actor)
    _record(uow, row, "changed", actor, before=_plain(before), after=_plain(row))
    return row


def retire(uow: UnitOfWork, rule_id: int, *, actor: str) -> WordRule:
    """Takes a rule out of use."""
    take_turn(uow)
    row = rule_in_use(uow, rule_id)
    row.retired_by, row.retired_at = actor, uow.now
    _record(uow, row, "retired", actor, before=_plain(row))
    return row


def _live_versions(reader: ReadOnly) -> Sequence[EntryVersion]:
    return reader.session.scalars(
        select(EntryVersion).join(Entry, Entry.live_version_id == EntryVersion.id).order_by(Entry.id)
    ).all()


def _insert(uow: UnitOfWork, rule: Rule, actor: str) -> WordRule:
    row = WordRule(
        kind=rule.kind, words=list(rule.words), note=rule.note, created_by=actor, created_at=uow.now
    )
    uow.session.add(row)
    uow.session.flush()  # the audit names it by id
    return row


def _record(
    uow: UnitOfWork,
    row: WordRule,
    verb: str,
    actor: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(
        uow, actor=actor, action=f"faq_words.{verb}", subject_kind=SUBJECT, subject_id=row.id,
        before=before, after=after,
    )  # fmt: skip
    uow.session.add(EntryChange(entry_id=OFFICE_WORDS, at=uow.now))


def _plain(row: WordRule) -> dict[str, Any]:
    return {"kind": row.kind.value, "words": list(row.words), "note": row.note}
