"""Random lives of complaints, driven through the services and watched from outside."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from eservice.complaints import deadlines, filing, overdue, photos, queries, ratings, residents, service
from eservice.complaints.cases import CHANGED, Resident
from eservice.complaints.filing import Filed
from eservice.complaints.models import (
    Complaint,
    ComplaintEvent,
    Escalation,
    ImprovementTask,
    Photo,
    PhotoKind,
    Rating,
)
from eservice.complaints.pictures import prepare
from eservice.complaints.states import (
    MOVES,
    Actor,
    ComplaintState,
    WaitingReason,
    is_open,
    moves_from,
)
from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.outbox import OutboxEvent
from eservice.kit.signals import Signals
from eservice.kit.thai_calendar import local_date
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging.models import Delivery
from eservice.notifications.relay import Relay
from eservice.staff.models import StaffAccount
from eservice.staff.permissions import Principal
from knowledge.classify import Urgency
from tests.complaints.desk import LIGHT, Desk, open_desk
from tests.complaints.pictures import photo
from tests.notifications.test_complaints import TEXTS
from tests.notifications.test_relay import Killed, Trouble

LEGAL = {(move.source, move.target, move.by) for move in MOVES}
OFFICERS = ("somsri", "somchai", "malee", "palad", "checker")
S = ComplaintState
PICTURES = [prepare(photo(seed, (160, 120))) for seed in range(4)]


@dataclass(kw_only=True)
class Life:
    """What the test itself knows of one complaint."""

    filed: Filed
    owner: int
    accused: frozenset[int]
    joined: set[int] = field(default_factory=set)
    owed: dict[str, set[int]] = field(default_factory=dict)  # news by its key, and whom it must have reached
    parent: int | None = None
    pictures: set[int] = field(default_factory=set)  # places in PICTURES
    new_after: set[int] = field(default_factory=set)  # ids of after photos since it was last reopened


class Lives(RuleBasedStateMachine):
    """Everybody does anything at any time; what is refused changes nothing."""

    lives = Bundle("lives")
    desk: Desk
    clock: FixedClock

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[int, Life] = {}

    def attempt(
        self, act: Callable[[UnitOfWork], object], *, who: str | None = None, id_: int | None = None
    ) -> bool:
        """Whether it was done. A refusal must leave every version as it was; who did it could see it."""
        before = {id_: self.now(id_).version for id_ in self.known}
        may_see = who is None or id_ is None or self.sees(who, id_)
        try:
            with self.desk.database.unit_of_work() as uow:
                act(uow)
        except ServiceError as refusal:
            assert refusal.code.startswith(("complaints.", "staff.", "photos."))
            assert before == {id_: self.now(id_).version for id_ in before}
            return False
        assert may_see
        return True

    def sees(self, who: str, id_: int) -> bool:
        """Whether somebody may see a complaint: that of their department or of none, unless it accuses them.

        Or unless one that accuses them goes on in it.
        """
        own = {"palad": None, "malee": self.desk.finance}.get(who, self.desk.works)
        in_charge = self.now(id_).department_id
        return own not in self.accused_in(id_) and (own is None or in_charge in (None, own))

    def accused_in(self, id_: int) -> set[int]:
        """The departments that a complaint accuses, or one that goes on in it, by what the test itself knows."""
        accused = set(self.known[id_].accused)
        for other, life in self.known.items():
            if life.parent == id_:
                accused |= self.accused_in(other)
        return accused

    def audience(self, id_: int) -> set[int]:
        """Everybody who is to hear of a complaint, by what the test itself knows."""
        heard = {self.known[id_].owner, *self.known[id_].joined}
        for other, life in self.known.items():
            if life.parent == id_:
                heard |= self.audience(other)
        return heard

    def now(self, complaint_id: int) -> Complaint:
        with self.desk.database.read() as reader:
            return reader.session.get_one(Complaint, complaint_id)

    def by(self, name: str) -> Principal:
        person = getattr(self.desk, name)
        assert isinstance(person, Principal)
        return person

    @rule(
        target=lives,
        is_daengs=st.booleans(),
        accuses=st.sampled_from(["", "", "finance", "works"]),
        needs_photo=st.booleans(),
    )
    def file(self, is_daengs: bool, accuses: str, needs_photo: bool) -> int:
        owner = self.desk.daeng if is_daengs else self.desk.dam
        accused = frozenset({getattr(self.desk, accuses)}) if accuses else frozenset[int]()
        filed = self.desk.file(replace(LIGHT, accused=accused, needs_photo=needs_photo), contact_id=owner)
        self.known[filed.complaint_id] = Life(filed=filed, owner=owner, accused=accused)
        return filed.complaint_id

    @rule(
        id_=lives,
        who=st.sampled_from(OFFICERS),
        to_works=st.booleans(),
        reason=st.sampled_from(["", "งานเขา"]),
    )
    def hand_on(self, id_: int, who: str, to_works: bool, reason: str) -> None:
        department = self.desk.works if to_works else self.desk.finance
        version = self.now(id_).version
        self.attempt(
            lambda uow: service.hand_on(
                uow, id_, department, by=self.by(who), seen_version=version, reason=reason
            ),
            who=who,
            id_=id_,
        )

    @rule(
        id_=lives,
        who=st.sampled_from(OFFICERS),
        goal=st.sampled_from(S),
        words=st.sampled_from(["", "เพราะ"]),
        waits_for=st.sampled_from([None, *WaitingReason]),
    )
    def change(self, id_: int, who: str, goal: S, words: str, waits_for: WaitingReason | None) -> None:
        self.move(id_, who, goal, words, waits_for)

    def move(self, id_: int, who: str, target: S, words: str, waits_for: WaitingReason | None) -> None:
        before = self.now(id_)
        done = self.attempt(
            lambda uow: service.change_state(
                uow, id_, target, by=self.by(who), seen_version=before.version,
                note=words, reason=words, waiting_reason=waits_for,
            ),
            who=who, id_=id_,
        )  # fmt: skip
        if done:
            assert (before.state, target, Actor.OFFICER) in LEGAL
            assert target not in (S.RESOLVED, S.CONFIRMED, S.WITHDRAWN, S.DUPLICATE)
            if target is S.REOPENED:
                self.known[id_].new_after.clear()

    @rule(id_=lives, choice=st.integers(0, 7), who=st.sampled_from(("somsri", "palad")))
    def change_as_the_table_says(self, id_: int, choice: int, who: str) -> None:
        moves = moves_from(self.now(id_).state, Actor.OFFICER)
        if moves:
            self.move(id_, who, moves[choice % len(moves)].target, "เพราะ", WaitingReason.BUDGET)

    @rule(id_=lives, is_fixed=st.booleans())
    def answer_whether_it_is_fixed(self, id_: int, is_fixed: bool) -> None:
        self.resident(id_, "confirm" if is_fixed else "reopen", with_key=True, is_stranger=False)

    @rule(
        id_=lives,
        who=st.sampled_from(OFFICERS),
        kind=st.sampled_from(PhotoKind),
        picture=st.integers(0, len(PICTURES) - 1),
    )
    def add_photo(self, id_: int, who: str, kind: PhotoKind, picture: int) -> None:
        self.add(id_, who, kind, picture)

    def add(self, id_: int, who: str, kind: PhotoKind, picture: int) -> int | None:
        """The id of the photo; its file is one of a few, so that they come again."""
        added: list[Photo] = []
        kept = photos.keep(self.desk.media, PICTURES[picture])
        life = self.known[id_]
        if self.attempt(lambda uow: added.append(photos.attach(uow, id_, kept, kind=kind, by=self.by(who)))):
            assert kind is not PhotoKind.AFTER or picture not in life.pictures
            life.pictures.add(picture)
            if kind is PhotoKind.AFTER:
                life.new_after.add(added[0].id)
        return added[0].id if added else None

    @rule(id_=lives, who=st.sampled_from(OFFICERS), photo_id=st.integers(1, 40) | st.none())
    def propose(self, id_: int, who: str, photo_id: int | None) -> None:
        version, life = self.now(id_).version, self.known[id_]
        shown = list(life.new_after)[:1] if photo_id is None else [photo_id]
        if self.attempt(
            lambda uow: service.propose_done(
                uow, id_, "ทำแล้ว", by=self.by(who), seen_version=version, photo_ids=shown
            ),
            who=who,
            id_=id_,
        ):
            assert set(shown) <= life.new_after

    @rule(id_=lives, who=st.sampled_from(OFFICERS))
    def agree(self, id_: int, who: str) -> None:
        before = self.now(id_)
        if self.attempt(
            lambda uow: service.agree_done(uow, id_, by=self.by(who), seen_version=before.version),
            who=who,
            id_=id_,
        ):
            assert before.proposed_by_id not in (None, self.by(who).account_id)
            assert before.proposed_photo_ids or not before.needs_photo
            assert set(before.proposed_photo_ids) <= self.known[id_].new_after

    @rule(id_=lives)
    def work_as_it_should_be(self, id_: int) -> None:
        """The straight road, so that many lives get far enough for something to go wrong there."""
        desk, somsri = self.desk, self.desk.somsri
        self.add(id_, "somsri", PhotoKind.AFTER, len(self.known[id_].pictures) % len(PICTURES))
        steps: list[Callable[[UnitOfWork, int], object]] = [
            lambda uow, seen: service.hand_on(
                uow, id_, desk.works, by=desk.palad, seen_version=seen, reason="งานเขา"
            ),
            lambda uow, seen: service.change_state(uow, id_, S.IN_PROGRESS, by=somsri, seen_version=seen),
            lambda uow, seen: service.propose_done(
                uow, id_, "ทำแล้ว", by=somsri, seen_version=seen, photo_ids=self.known[id_].new_after
            ),
            lambda uow, seen: service.agree_done(uow, id_, by=desk.somchai, seen_version=seen),
        ]
        for step in steps:
            version = self.now(id_).version
            self.attempt(lambda uow, step=step, version=version: step(uow, version))

    @rule(id_=lives, who=st.sampled_from(OFFICERS))
    def act_on_an_old_version(self, id_: int, who: str) -> None:
        old = self.now(id_).version - 1
        assert not self.attempt(
            lambda uow: service.change_state(
                uow, id_, S.REJECTED, by=self.by(who), seen_version=old, reason="ก"
            )
        )

    @rule(
        id_=lives,
        act=st.sampled_from(["withdraw", "confirm", "reopen", "say"]),
        with_key=st.booleans(),
        is_stranger=st.booleans(),
    )
    def residents_do_anything(self, id_: int, act: str, with_key: bool, is_stranger: bool) -> None:
        self.resident(id_, act, with_key=with_key, is_stranger=is_stranger)

    def resident(self, id_: int, act: str, *, with_key: bool, is_stranger: bool) -> None:
        life = self.known[id_]
        me = Resident(key=life.filed.key) if with_key else Resident(contact_id=life.owner)
        if is_stranger:
            me = Resident(key="34679-ACDEF") if with_key else Resident(contact_id=-1)
        number = life.filed.number
        acts: dict[str, Callable[[UnitOfWork], object]] = {
            "withdraw": lambda uow: residents.withdraw(uow, number, me),
            "confirm": lambda uow: residents.confirm(uow, number, me),
            "reopen": lambda uow: residents.reopen(uow, number, me, "ยังดับ"),
            "say": lambda uow: residents.say(uow, number, me, "อยู่ซอย 3"),
        }
        done = self.attempt(acts[act])
        assert not (done and is_stranger)
        if done and act == "reopen":
            life.new_after.clear()
        assert done or is_stranger or act != "say"

    @rule(id_=lives)
    def close_unanswered(self, id_: int) -> None:
        before = self.now(id_)
        if self.attempt(lambda uow: residents.close_unanswered(uow, id_)):
            assert before.said_done_at is not None
            assert (self.clock.now() - before.said_done_at).days >= 7

    @rule(id_=lives, is_daeng=st.booleans())
    def join(self, id_: int, is_daeng: bool) -> None:
        contact = self.desk.daeng if is_daeng else self.desk.dam
        root = id_
        while (above := self.known[root].parent) is not None:
            root = above
        if self.attempt(lambda uow: filing.join(uow, self.known[id_].filed.number, contact)):
            self.known[root].joined.add(contact)

    @rule(child=lives, parent=lives, who=st.sampled_from(OFFICERS))
    def merge(self, child: int, parent: int, who: str) -> None:
        version = self.now(child).version
        can_see = self.sees(who, child) and self.sees(who, parent)
        if self.attempt(lambda uow: service.merge(uow, child, parent, by=self.by(who), seen_version=version)):
            assert can_see
            self.known[child].parent = parent

    @rule(id_=lives, who=st.sampled_from(OFFICERS))
    def split(self, id_: int, who: str) -> None:
        version = self.now(id_).version
        if self.attempt(lambda uow: service.split(uow, id_, "คนละที่", by=self.by(who), seen_version=version)):
            assert self.known[id_].parent is not None
            self.known[id_].parent = None

    @rule(
        id_=lives, who=st.sampled_from(OFFICERS), category=st.sampled_from(["น้ำประปา", "ความปลอดภัย", "ไม่มี"])
    )
    def recategorise(self, id_: int, who: str, category: str) -> None:
        version = self.now(id_).version
        done = self.attempt(
            lambda uow: service.recategorise(
                uow, id_, category, Urgency.URGENT, by=self.by(who), seen_version=version
            ),
            who=who,
            id_=id_,
        )
        assert not done or (self.now(id_).category, self.now(id_).is_corrected) == (category, True)

    @rule(id_=lives, who=st.sampled_from(OFFICERS), days=st.integers(-1, 100))
    def extend_the_answer(self, id_: int, who: str, days: int) -> None:
        before = self.now(id_)
        until = local_date(self.clock.now()) + timedelta(days=days)
        done = self.attempt(
            lambda uow: service.extend_answer(
                uow, id_, until, "รอผล", by=self.by(who), seen_version=before.version
            ),
            who=who,
            id_=id_,
        )
        if done:
            assert before.answer_due_at is not None and before.answered_at is None
            assert deadlines.end_of(until) > before.answer_due_at and 0 <= days <= service.MAX_EXTENSION_DAYS
            assert self.now(id_).answer_due_at == deadlines.end_of(until)

    @rule(id_=lives, stars=st.integers(0, 6), is_owner=st.booleans())
    def rate(self, id_: int, stars: int, is_owner: bool) -> None:
        life, state = self.known[id_], self.now(id_).state
        me = Resident(contact_id=life.owner) if is_owner else Resident(contact_id=-1)
        done = self.attempt(lambda uow: ratings.rate(uow, life.filed.number, me, stars))
        assert done is (is_owner and state is S.CONFIRMED and 1 <= stars <= 5)

    @rule(dies=st.booleans())
    def relay(self, dies: bool) -> None:
        """Tells everything that is owed, perhaps after a death in the middle."""
        trouble = Trouble(self.desk.database)
        if dies:
            trouble.error = Killed()
            with suppress(Killed):
                Relay(self.desk.database, trouble, TEXTS).process_next()  # type: ignore[arg-type]
        self.note_what_is_owed()
        relay = Relay(self.desk.database, Signals(self.desk.database), TEXTS)
        while relay.process_next():
            pass
        for life in self.known.values():
            for key, contacts in life.owed.items():
                assert sorted(self.told_of(key)) == sorted(contacts)

    def note_what_is_owed(self) -> None:
        with self.desk.database.read() as reader:
            waiting = reader.session.scalars(
                select(OutboxEvent).where(OutboxEvent.done_at.is_(None), OutboxEvent.kind == CHANGED)
            )
            events = [reader.session.get_one(ComplaintEvent, event.payload["event_id"]) for event in waiting]
            for event in events:
                if event.complaint_id not in self.known:
                    continue  # of a life before this one
                history = queries.history(reader, event.complaint_id)
                earlier = [row.department_id for row in history if row.id < event.id]
                is_news = event.before is not None and (
                    event.before is not event.after or event.department_id != earlier[-1]
                )
                contacts = self.audience(event.complaint_id) if is_news else set[int]()
                life = self.known[event.complaint_id]
                if event.after is S.NEEDS_INFORMATION:
                    contacts &= {life.owner}
                if event.actor is Actor.RESIDENT:
                    contacts -= {life.owner}
                life.owed[f"complaint-event:{event.id}"] = contacts

    def told_of(self, key: str) -> list[int]:
        with self.desk.database.read() as reader:
            found = reader.session.scalars(
                select(Delivery.contact_id).where(Delivery.dedup_key.like(f"{key}:%"))
            )
            return list(found)

    @rule()
    def let_time_do_its_work(self) -> None:
        for _ in range(2):
            assert self.attempt(overdue.keep)

    @rule(days=st.sampled_from([1, 4, 8]))
    def wait(self, days: int) -> None:
        self.clock.advance(days=days)

    @invariant()
    def history_is_whole_and_every_change_is_in_the_table(self) -> None:
        for id_ in self.known:
            complaint = self.now(id_)
            with self.desk.database.read() as reader:
                events = queries.history(reader, id_)
                records = len(audit.history(reader, subject_kind="complaint", subject_id=id_, limit=1_000))
            assert (events[0].before, events[0].after) == (None, S.RECEIVED)
            assert events[-1].after is complaint.state
            assert len(events) == complaint.version <= records
            for earlier, event in pairwise(events):
                assert event.before is earlier.after
                assert event.after is event.before or (event.before, event.after, event.actor) in LEGAL
                assert event.at >= earlier.at

    @invariant()
    def both_dates_are_there_and_are_those_of_the_clocks(self) -> None:
        for id_, life in self.known.items():
            complaint = self.now(id_)
            with self.desk.database.read() as reader:
                hours = deadlines.hours_of(reader)
                clock = deadlines.work_clock(reader, complaint, hours)
                duty = deadlines.answer_duty(reader, complaint)
                status = queries.public_status(reader, life.filed.number)
            last = duty.extensions[-1].until if duty.extensions else duty.first_due_day
            assert complaint.answer_due_at == deadlines.end_of(last)
            assert complaint.due_at is not None and status.due_at == complaint.due_at
            assert status.answer_due_at == complaint.answer_due_at
            assert clock.is_paused is (complaint.state is S.WAITING)
            if complaint.state is S.WAITING:
                assert complaint.due_at <= clock.due
            elif is_open(complaint.state):
                assert complaint.due_at == clock.due

    @invariant()
    def nobody_is_told_twice_of_a_missed_date_and_every_low_mark_has_one_task(self) -> None:
        with self.desk.database.read() as reader:
            rows = reader.session.scalars(select(Escalation)).all()
            climbed = [(row.complaint_id, row.clock, row.position, row.due_at) for row in rows]
            assert len(climbed) == len(set(climbed))
            assert all(row.at >= row.due_at for row in rows if row.position is not None)
            tasks = reader.session.scalars(select(ImprovementTask.rating_id)).all()
            low = reader.session.scalars(select(Rating.id).where(Rating.stars <= ratings.LOW)).all()
            assert len(tasks) == len(set(tasks)) and set(low) <= set(tasks)

    @invariant()
    def staff_see_what_they_may_and_nobody_accused_is_in_charge(self) -> None:
        with self.desk.database.read() as reader:
            for who in OFFICERS:
                seen = set(
                    reader.session.scalars(
                        select(Complaint.id).where(
                            Complaint.id.in_(self.known), queries.within_reach(self.by(who))
                        )
                    )
                )
                assert seen == {id_ for id_ in self.known if self.sees(who, id_)}
            for id_, life in self.known.items():
                assignee_id = self.now(id_).assignee_id
                if assignee_id is not None:
                    assignee = reader.session.get_one(StaffAccount, assignee_id)
                    assert assignee.department_id not in life.accused

    @invariant()
    def nobody_is_lost_and_the_accused_are_never_in_charge(self) -> None:
        for id_, life in self.known.items():
            complaint = self.now(id_)
            assert complaint.parent_id == life.parent
            assert (complaint.state is S.DUPLICATE) is (life.parent is not None)
            assert (complaint.waiting_reason is not None) is (complaint.state is S.WAITING)
            above: int | None = id_
            while above is not None:
                with self.desk.database.read() as reader:
                    assert queries.audience(reader, above) >= {life.owner, *life.joined}
                assert self.now(above).department_id not in life.accused
                above = self.known[above].parent


def test_whatever_people_do_no_complaint_goes_astray(database: Database, clock: FixedClock) -> None:
    class HereAndNow(Lives):
        pass

    HereAndNow.desk, HereAndNow.clock = open_desk(database), clock
    run_state_machine_as_test(
        HereAndNow,
        settings=settings(
            max_examples=6,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
