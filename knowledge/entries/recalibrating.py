"""What the office's own test questions and residents' confirmations say of the answer engine."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import and_, case, func, or_, select

from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import ChannelName, Contact, ContactKind, Conversation, Message
from knowledge.entries.known_questions import in_use
from knowledge.entries.live import LiveFaq
from knowledge.entries.models import MAX_QUESTION, Ask, AskDecision, KnownQuestion
from knowledge.search import Calibration
from knowledge.search.recalibration import Judged, Picture, Recalibration, picture, recalibrate
from knowledge.thai import normalise

MOST_CONFIRMATIONS = 5_000
MOST_OF_ONE_PERSON = 20  # confirmations that count of one person: nobody moves the thresholds alone
PERSON_WEIGHT = 0.5  # of a confirmation, beside a question that the office wrote itself
WEB_WEIGHT = 0.2  # of a web visitor's; all of them are one person here: anybody can open a hundred chats
_ALL_OF_WEB = 0
_READ_OF_ONE_PERSON = 5 * MOST_OF_ONE_PERSON  # some say the same again, or what the engine would find no more


@dataclass(frozen=True, kw_only=True)
class WeighedQuestion:
    """A test question as the engine weighs it now; None where residents cannot see its right entries now."""

    row: KnownQuestion
    judged: Judged | None


@dataclass(frozen=True, kw_only=True)
class Sample:
    """The test questions that something can be said of; of `left_out` more the right entries are not live."""

    questions: tuple[Judged, ...]
    left_out: int

    def picture(self, calibration: Calibration) -> Picture:
        """What becomes of the questions under a calibration."""
        return picture(self.questions, calibration)


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A calibration learned from the sample and so many confirmations."""

    sample: Sample
    confirmations: int
    result: Recalibration


def weigh_questions(reader: ReadOnly, live: LiveFaq) -> list[WeighedQuestion]:
    """Every test question in use; what was weighed before is remembered until an entry changes."""
    here = {face.key for face in live.faces()}
    return [WeighedQuestion(row=row, judged=_judge(live, here, row)) for row in in_use(reader)]


def read_sample(reader: ReadOnly, live: LiveFaq) -> Sample:
    """What the test questions say of the engine now."""
    weighed = weigh_questions(reader, live)
    judged = tuple(question.judged for question in weighed if question.judged is not None)
    return Sample(questions=judged, left_out=len(weighed) - len(judged))


def propose(reader: ReadOnly, live: LiveFaq, present: Calibration, *, wanted_share: float) -> Proposal:
    """The calibration that test questions and confirmations ask for; changes nothing.

    Confirmations together weigh no more than the test questions, which the office vouches for.
    """
    sample = read_sample(reader, live)
    confirmed = confirmations(reader, live) if sample.questions else []
    weight = sum(judged.weight for judged in confirmed)
    share = min(1.0, len(sample.questions) / weight) if weight else 1.0
    lighter = [replace(judged, weight=judged.weight * share) for judged in confirmed]
    result = recalibrate([*sample.questions, *lighter], present, wanted_share=wanted_share)
    return Proposal(sample=sample, confirmations=len(lighter), result=result)


def confirmations(reader: ReadOnly, live: LiveFaq) -> list[Judged]:
    """The words of residents on what the engine found for them, newest first.

    A person counts once for a question. What the engine would find no more says nothing of it: entries have
    changed since, or the question leaned on the one before.
    """
    judged: list[Judged] = []
    for ask, text, by_web in _newest_of_each(reader):
        face = live.face(ask.entry_id) if ask.entry_id is not None else None
        evidence, keys = live.weigh(text)
        weight = WEB_WEIGHT if by_web else PERSON_WEIGHT
        if ask.helpful is False:
            rejected = _rejected(live, ask)
            if not keys or keys[0] not in rejected:
                continue
            offered = False if rejected.issuperset(keys) else None
            judged.append(Judged(evidence=evidence, is_first_right=False, is_offered=offered, weight=weight))
        elif face is not None and face.key in keys:
            right = face.key == keys[0]
            judged.append(Judged(evidence=evidence, is_first_right=right, is_offered=True, weight=weight))
    return judged


def judge(here: set[str], expected: Collection[str], evidence: float, keys: Sequence[str]) -> Judged | None:
    """What the engine found, by key, against the keys of the right entries; None where residents see none of them."""
    right = here.intersection(expected)
    if expected and not right:
        return None
    return Judged(
        evidence=evidence,
        is_first_right=bool(right.intersection(keys[:1])),
        is_offered=bool(right.intersection(keys)),
        has_entry=bool(right),
    )


def _judge(live: LiveFaq, here: set[str], row: KnownQuestion) -> Judged | None:
    """A test question against the keys of the entries that residents see now."""
    evidence, keys = live.weigh(row.text)
    return judge(here, row.expected, evidence, keys)


def _rejected(live: LiveFaq, ask: Ask) -> set[str]:
    """The keys that the person said no to: of the answer, or of every choice."""
    entries = [ask.entry_id] if ask.entry_id is not None else ask.candidates
    return {face.key for entry_id in entries if (face := live.face(entry_id)) is not None}


def _newest_of_each(reader: ReadOnly) -> Iterator[tuple[Ask, str, bool]]:
    """Each person's newest judgement of each of their questions, while that person's share lasts.

    Third, whether it came by the web chat.
    """
    person = case((Contact.channel == ChannelName.WEB, _ALL_OF_WEB), else_=Contact.id)
    ranked = (
        select(
            Ask.id,
            person.label("person"),
            func.row_number().over(partition_by=person, order_by=Ask.id.desc()).label("newest"),
        )
        .join(Message, Message.id == Ask.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .join(Contact, Contact.id == Conversation.contact_id)
        .where(
            or_(
                Ask.helpful.is_not(None),
                and_(Ask.decision == AskDecision.CLARIFIED, Ask.entry_id.is_not(None)),
            ),
            Message.erased_at.is_(None),
            # The buttons of a question still work after its words were changed: they judged other words.
            or_(Message.edited_at.is_(None), Message.edited_at <= Ask.at),
            Contact.kind == ContactKind.PERSON,  # anybody in a group taps for all of it
        )
        .subquery()
    )
    query = (
        select(Ask, Message.text, ranked.c.person)
        .join(ranked, ranked.c.id == Ask.id)
        .join(Message, Message.id == Ask.message_id)
        .where(ranked.c.newest <= _READ_OF_ONE_PERSON)  # nobody crowds out the others
        .order_by(Ask.id.desc())
        .limit(MOST_CONFIRMATIONS)
    )
    seen: set[tuple[int, str]] = set()
    of_person: Counter[int] = Counter()
    for ask, text, person_id in reader.session.execute(query):
        words = normalise(text)
        if len(text) > MAX_QUESTION or (person_id, words) in seen:
            continue
        if of_person[person_id] >= MOST_OF_ONE_PERSON:
            continue
        seen.add((person_id, words))
        of_person[person_id] += 1
        yield ask, text, person_id == _ALL_OF_WEB
