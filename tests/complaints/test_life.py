"""Random lives of complaints, driven through the services and watched from outside."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from eservice.complaints import filing, photos, queries, residents, service
from eservice.complaints.cases import Resident
from eservice.complaints.filing import Filed
from eservice.complaints.models import Complaint, Photo, PhotoKind
from eservice.complaints.pictures import prepare
from eservice.complaints.states import MOVES, Actor, ComplaintState, WaitingReason, moves_from
from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.unit_of_work import UnitOfWork
from eservice.staff.permissions import Principal
from tests.complaints.desk import LIGHT, Desk, open_desk
from tests.complaints.pictures import photo

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

    def attempt(self, act: Callable[[UnitOfWork], object]) -> bool:
        """Whether it was done. A refusal must leave every version as it was."""
        before = {id_: self.now(id_).version for id_ in self.known}
        try:
            with self.desk.database.unit_of_work() as uow:
                act(uow)
        except ServiceError as refusal:
            assert refusal.code.startswith(("complaints.", "staff.", "photos."))
            assert before == {id_: self.now(id_).version for id_ in before}
            return False
        return True

    def now(self, complaint_id: int) -> Complaint:
        with self.desk.database.read() as reader:
            return reader.session.get_one(Complaint, complaint_id)

    def by(self, name: str) -> Principal:
        person = getattr(self.desk, name)
        assert isinstance(person, Principal)
        return person

    @rule(target=lives, is_daengs=st.booleans(), accuses=st.booleans(), needs_photo=st.booleans())
    def file(self, is_daengs: bool, accuses: bool, needs_photo: bool) -> int:
        owner = self.desk.daeng if is_daengs else self.desk.dam
        accused = frozenset({self.desk.finance}) if accuses else frozenset[int]()
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
            )
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
            )
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
            )
        ):
            assert set(shown) <= life.new_after

    @rule(id_=lives, who=st.sampled_from(OFFICERS))
    def agree(self, id_: int, who: str) -> None:
        before = self.now(id_)
        if self.attempt(
            lambda uow: service.agree_done(uow, id_, by=self.by(who), seen_version=before.version)
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
        if self.attempt(lambda uow: service.merge(uow, child, parent, by=self.by(who), seen_version=version)):
            self.known[child].parent = parent

    @rule(id_=lives, who=st.sampled_from(OFFICERS))
    def split(self, id_: int, who: str) -> None:
        version = self.now(id_).version
        if self.attempt(lambda uow: service.split(uow, id_, "คนละที่", by=self.by(who), seen_version=version)):
            assert self.known[id_].parent is not None
            self.known[id_].parent = None

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
            max_examples=12,
            stateful_step_count=40,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
