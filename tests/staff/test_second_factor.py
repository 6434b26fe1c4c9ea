"""The second factor: codes of the phone and of paper, each once, and the ways back when both are lost."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from eservice.kit import audit
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.migrate import migrate
from eservice.kit.sealing import Sealer
from eservice.staff import accounts, second_factor, second_step, sessions, sign_in, throttling, totp
from eservice.staff.models import PendingSignIn, RecoveryCode, Role, SecondFactor
from eservice.staff.permissions import Grant, Principal
from eservice.staff.second_factor import Enrolled
from eservice.staff.second_step import WrongCode
from eservice.staff.sign_in import Browser, MustWait, NeedsCode, SignedIn, WrongPassword
from tests.conftest import NOON

GOOD = "ข้าวเหนียวหมูปิ้งหน้าตลาด"
OTHER = "ไก่ย่างห้าดาวเจ้าเก่าริมทาง"
HOME = Browser(address="203.0.113.7")
ELSEWHERE = Browser(address="198.51.100.9")
SEALER = Sealer(["k" * 32], "second-factor")
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # of the examples in RFC 6238


class Somsri:
    """Somsri, an administrator with a password, her phone and her printed codes."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        self.database, self.clock = database, clock
        profile = accounts.Profile(display_name="สมศรี ใจดี", grants=[Grant(role=Role.ADMINISTRATOR)])
        with database.unit_of_work() as uow:
            made = accounts.create_account(uow, "somsri", profile, actor="cli")
        self.id = made.account.id
        self.first = sign_in.choose_password(database, made.token, GOOD, HOME)
        proposal = second_factor.propose(SEALER, self.id, now=NOON)
        self.seed = proposal.seed
        enrolled = second_factor.enrol(
            database, SEALER, self.id, proposal, code=self.code(), password=GOOD, browser=HOME
        )
        assert isinstance(enrolled, Enrolled)
        self.codes = enrolled.codes
        self.session = enrolled.signed_in.token
        clock.advance(minutes=5)

    def code(self, steps: int = 0) -> str:
        """What the phone shows now, or showed or will show so many half minutes away."""
        return totp.code_at(self.seed, totp.step_of(self.clock.now()) + steps)

    def pending(self, browser: Browser = HOME) -> str:
        """Her right password; what waits for the code."""
        outcome = sign_in.sign_in(self.database, "somsri", GOOD, browser)
        assert isinstance(outcome, NeedsCode)
        return outcome.token

    def enter(self, code: str, browser: Browser = HOME) -> SignedIn | WrongCode | MustWait:
        """The whole sign-in with this code."""
        return second_step.enter_code(self.database, SEALER, self.pending(browser), code, browser)


@pytest.fixture
def somsri(database: Database, clock: FixedClock) -> Somsri:
    return Somsri(database, clock)


def is_live(database: Database, token: str) -> bool:
    with database.read() as reader:
        return sessions.find(reader, token) is not None


def test_codes_are_those_of_the_standard() -> None:
    assert totp.code_at(SEED, 1) == "287082"  # RFC 6238, appendix B: 59 s, its last six digits
    assert totp.code_at(SEED, 37037036) == "081804"  # 1111111109 s


@given(st.integers(-3, 3), st.integers(-3, 3))
@settings(max_examples=30, deadline=None)
def test_a_code_fits_one_step_around_now_and_only_later_than_the_last(away: int, used: int) -> None:
    now = totp.step_of(NOON)
    found = totp.matching_step(SEED, totp.code_at(SEED, now + away), at=NOON, after=now + used)
    assert found == (now + away if abs(away) <= 1 and away > used else None)


def test_a_code_is_read_as_people_type_it() -> None:
    assert totp.as_typed(" 123 456") == totp.as_typed("๑๒๓๔๕๖") == totp.as_typed("123-456") == "123456"
    assert totp.as_typed("k7wqp-3mz9d") == "K7WQP3MZ9D"


def test_the_password_alone_opens_nothing_but_the_question_for_the_code(somsri: Somsri) -> None:
    token = somsri.pending()
    assert not is_live(somsri.database, token)
    outcome = second_step.enter_code(somsri.database, SEALER, token, somsri.code(), HOME)
    assert isinstance(outcome, SignedIn) and is_live(somsri.database, outcome.token)
    with pytest.raises(ServiceError, match=r"staff\.second_step_over"):
        second_step.enter_code(somsri.database, SEALER, token, somsri.code(1), HOME)


def test_each_code_of_the_phone_is_good_once(somsri: Somsri) -> None:
    code = somsri.code()
    assert isinstance(somsri.enter(code), SignedIn)
    assert somsri.enter(code) == WrongCode()
    assert somsri.enter(somsri.code(-1)) == WrongCode()  # an earlier one neither
    assert isinstance(somsri.enter(somsri.code(1)), SignedIn)  # a phone that is half a minute ahead


def test_of_two_browsers_with_one_code_at_once_one_gets_in(
    fresh_database: Database, clock: FixedClock
) -> None:
    migrate(fresh_database)
    fresh_database.clock = clock
    somsri = Somsri(fresh_database, clock)
    for code in (somsri.code(), somsri.codes[0]):
        waiting = [somsri.pending(), somsri.pending()]
        with ThreadPoolExecutor(len(waiting)) as pool:
            entered = pool.map(
                lambda token, code=code: second_step.enter_code(fresh_database, SEALER, token, code, HOME),
                waiting,
            )
        assert sorted(type(outcome).__name__ for outcome in entered) == ["SignedIn", "WrongCode"]


def test_each_recovery_code_is_good_once_and_is_found_in_no_table(somsri: Somsri) -> None:
    code = somsri.codes[3]
    assert len(set(somsri.codes)) == 10 and re.fullmatch(r"[A-Z2-9]{5}-[A-Z2-9]{5}", code)
    assert isinstance(somsri.enter(code.lower()), SignedIn)
    assert somsri.enter(code) == WrongCode()
    with somsri.database.read() as reader:
        state = second_factor.state_of(reader, somsri.id)
        assert state is not None and state.codes_left == 9
        kept = ""
        for table in (RecoveryCode, SecondFactor, PendingSignIn, audit.AuditRecord):
            kept += "".join(repr(tuple(row)) for row in reader.session.execute(select(table.__table__)))
    for secret in (*somsri.codes, *(each.replace("-", "") for each in somsri.codes), somsri.seed):
        assert secret not in kept


def test_the_question_for_the_code_lasts_five_minutes_and_five_tries(
    somsri: Somsri, clock: FixedClock
) -> None:
    late = somsri.pending()
    clock.advance(minutes=5)
    with pytest.raises(ServiceError, match=r"staff\.second_step_over"):
        second_step.enter_code(somsri.database, SEALER, late, somsri.code(), HOME)
    token = somsri.pending()
    for number in range(sessions.CODE_TRIES):
        browser = Browser(address=f"192.0.2.{number}")
        outcome = second_step.enter_code(somsri.database, SEALER, token, "000000", browser)
        assert outcome == WrongCode()
    with pytest.raises(ServiceError, match=r"staff\.second_step_over"):
        second_step.enter_code(somsri.database, SEALER, token, somsri.code(), HOME)


def test_guessing_codes_waits_longer_and_longer_whoever_knows_the_password(somsri: Somsri) -> None:
    for _ in range(throttling.PAIR_LIMIT.free):
        assert somsri.enter("000000", ELSEWHERE) == WrongCode()
    assert somsri.enter(somsri.code(), ELSEWHERE) == MustWait(seconds=60)
    assert isinstance(somsri.enter(somsri.code()), SignedIn)  # she herself, from her own place


def test_a_one_time_link_replaces_the_password_and_never_the_second_factor(somsri: Somsri) -> None:
    with somsri.database.unit_of_work() as uow:
        link = accounts.issue_link(uow, somsri.id, actor="boss")
    outcome = sign_in.choose_password(somsri.database, link, OTHER, HOME)
    assert isinstance(outcome, NeedsCode) and not is_live(somsri.database, outcome.token)
    entered = second_step.enter_code(somsri.database, SEALER, outcome.token, somsri.code(), HOME)
    assert isinstance(entered, SignedIn)


def test_disabling_and_a_new_password_end_what_waits_for_a_code(somsri: Somsri) -> None:
    token = somsri.pending()
    changed = sign_in.change_password(somsri.database, somsri.id, GOOD, OTHER, HOME)
    assert isinstance(changed, SignedIn)
    with pytest.raises(ServiceError, match=r"staff\.second_step_over"):
        second_step.enter_code(somsri.database, SEALER, token, somsri.code(), HOME)


def test_setting_it_up_needs_the_phone_and_the_password_and_ends_other_sessions(
    database: Database, somsri: Somsri
) -> None:
    assert isinstance(somsri.first, SignedIn) and not is_live(database, somsri.first.token)
    assert is_live(database, somsri.session)
    assert isinstance(second_step.remove(database, SEALER, somsri.id, somsri.code(), HOME), SignedIn)
    assert not is_live(database, somsri.session)
    proposal = second_factor.propose(SEALER, somsri.id, now=somsri.clock.now())
    right = totp.code_at(proposal.seed, totp.step_of(somsri.clock.now()))

    def enrol(code: str, password: str) -> object:
        return second_factor.enrol(
            database, SEALER, somsri.id, proposal, code=code, password=password, browser=HOME
        )

    with pytest.raises(ServiceError, match=r"staff\.wrong_code"):
        enrol("000000", GOOD)
    assert enrol(right, "wrong") == WrongPassword()
    assert isinstance(enrol(right, GOOD), Enrolled)
    with pytest.raises(ServiceError, match=r"staff\.has_second_factor"):
        enrol(right, GOOD)


def test_a_proposed_seed_is_the_persons_own_and_of_today(clock: FixedClock) -> None:
    sealed = second_factor.propose(SEALER, 7, now=NOON).sealed
    assert second_factor.proposed(SEALER, 7, sealed, now=NOON).sealed == sealed
    clock.advance(minutes=30)
    for account_id, brought, now in ((8, sealed, NOON), (7, "forged", NOON), (7, sealed, clock.now())):
        with pytest.raises(ServiceError, match=r"staff\.enrolment_over"):
            second_factor.proposed(SEALER, account_id, brought, now=now)


def test_a_seed_sealed_under_a_former_key_is_carried_over_with_its_next_use(somsri: Somsri) -> None:
    def enter(sealer: Sealer) -> object:
        somsri.clock.advance(minutes=1)
        return second_step.enter_code(somsri.database, sealer, somsri.pending(), somsri.code(), HOME)

    fresh = Sealer(["n" * 32], "second-factor")
    with pytest.raises(ServiceError, match=r"secrets\.other_key"):
        enter(fresh)
    assert isinstance(enter(Sealer(["n" * 32, "k" * 32], "second-factor")), SignedIn)
    assert isinstance(enter(fresh), SignedIn)


def test_new_recovery_codes_cost_a_code_and_replace_the_old(somsri: Somsri) -> None:
    assert second_step.renew_codes(somsri.database, SEALER, somsri.id, "000000", HOME) == WrongCode()
    fresh = second_step.renew_codes(somsri.database, SEALER, somsri.id, somsri.code(), HOME)
    assert isinstance(fresh, list) and not set(fresh) & set(somsri.codes)
    assert somsri.enter(somsri.codes[0]) == WrongCode()
    assert isinstance(somsri.enter(fresh[0]), SignedIn)


def test_another_takes_it_away_never_oneself_and_all_of_it_is_on_record(
    database: Database, somsri: Somsri
) -> None:
    assert second_step.remove(database, SEALER, somsri.id, "000000", HOME) == WrongCode()
    token = somsri.pending()
    with database.unit_of_work() as uow:
        with pytest.raises(ServiceError, match=r"staff\.own_second_factor"):
            second_factor.reset(uow, somsri.id, actor="somsri")
        second_factor.reset(uow, somsri.id, actor="boss")
    assert not is_live(database, somsri.session)
    with pytest.raises(ServiceError, match=r"staff\.second_step_over"):
        second_step.enter_code(database, SEALER, token, somsri.codes[0], HOME)
    assert isinstance(sign_in.sign_in(database, "somsri", GOOD, HOME), SignedIn)
    with database.unit_of_work() as uow, pytest.raises(ServiceError, match=r"staff\.no_second_factor"):
        second_factor.reset(uow, somsri.id, actor="boss")
    with database.read() as reader:
        told = [
            (row.actor, row.action)
            for row in audit.history(reader, subject_kind="staff", subject_id=somsri.id)
        ]
    assert told[0] == ("boss", "staff.second_factor_reset")
    assert ("somsri", "staff.second_factor_enrolled") in told


@pytest.mark.parametrize(
    ("grant", "required"),
    [
        (Grant(role=Role.ADMINISTRATOR), True),
        (Grant(role=Role.LOG_CUSTODIAN), True),
        (Grant(role=Role.ADMINISTRATOR, department_id=1), False),
        (Grant(role=Role.RESPONDER), False),
    ],
)
def test_administrators_and_custodians_need_one(grant: Grant, required: bool) -> None:
    person = Principal(account_id=1, username="a", display_name="ก", grants=frozenset({grant}))
    assert second_factor.is_required(person) is required
