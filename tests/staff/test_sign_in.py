"""Signing in: passwords, one-time links, sessions, and the patience of the throttle."""

import logging

import pytest
from sqlalchemy import func, select

from eservice.kit.audit import AuditRecord
from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.staff import accounts, sessions, sign_in, throttling
from eservice.staff.accounts import NewAccount, Profile
from eservice.staff.models import OneTimeLink, Role, SignInAttempt, StaffAccount, StaffSession
from eservice.staff.permissions import Grant
from eservice.staff.sign_in import Browser, MustWait, SignedIn, WrongPassword

GOOD = "ข้าวเหนียวหมูปิ้งหน้าตลาด"
OTHER = "ไก่ย่างห้าดาวเจ้าเก่าริมทาง"
HOME = Browser(address="203.0.113.7")
ELSEWHERE = Browser(address="198.51.100.9")


def make(database: Database, username: str = "somsri", *, is_demo: bool = False) -> NewAccount:
    profile = Profile(display_name="สมศรี ใจดี", grants=[Grant(role=Role.ADMINISTRATOR)])
    with database.unit_of_work() as uow:
        return accounts.create_account(uow, username, profile, actor="cli", is_demo=is_demo)


@pytest.fixture
def somsri(database: Database) -> NewAccount:
    """Somsri, who has chosen her password."""
    made = make(database)
    sign_in.choose_password(database, made.token, GOOD, HOME)
    return made


def is_live(database: Database, token: str) -> bool:
    with database.read() as reader:
        return sessions.find(reader, token) is not None


def fail(database: Database, times: int, browser: Browser, clock: FixedClock, name: str = "somsri") -> None:
    """So many wrong passwords, each as soon as it is allowed."""
    for _ in range(times):
        while isinstance(outcome := sign_in.sign_in(database, name, "wrong", browser), MustWait):
            clock.advance(seconds=outcome.seconds)
        assert outcome == WrongPassword()


def test_a_link_leads_to_a_password_and_the_password_in(database: Database) -> None:
    made = make(database)
    assert sign_in.sign_in(database, "somsri", GOOD, HOME) == WrongPassword()
    first = sign_in.choose_password(database, made.token, GOOD, HOME)
    assert is_live(database, first.token)
    outcome = sign_in.sign_in(database, " SomSri", GOOD, HOME)
    assert isinstance(outcome, SignedIn) and is_live(database, outcome.token)


def test_a_link_works_once_and_for_a_day(database: Database, clock: FixedClock) -> None:
    made, late = make(database), make(database, "late")
    sign_in.choose_password(database, made.token, GOOD, HOME)
    for token in (made.token, "no-such-token"):
        with pytest.raises(ServiceError, match=r"staff\.link_dead"):
            sign_in.choose_password(database, token, OTHER, HOME)
    clock.advance(hours=24)
    with pytest.raises(ServiceError, match=r"staff\.link_dead"):
        sign_in.choose_password(database, late.token, GOOD, HOME)


def test_a_refused_password_leaves_the_link_unused(database: Database) -> None:
    made = make(database)
    for refused in ("short", "passwordpassword", "somsri somsri somsri"):
        with pytest.raises(ServiceError, match=r"staff\.password_"):
            sign_in.choose_password(database, made.token, refused, HOME)
    assert sign_in.choose_password(database, made.token, GOOD, HOME)


def test_a_new_link_replaces_the_old_one_and_ends_every_session_when_used(
    database: Database, somsri: NewAccount
) -> None:
    old = sign_in.sign_in(database, "somsri", GOOD, HOME)
    with database.unit_of_work() as uow:
        first = accounts.issue_link(uow, somsri.account.id, actor="boss")
        second = accounts.issue_link(uow, somsri.account.id, actor="boss")
    assert isinstance(old, SignedIn) and is_live(database, old.token)
    with pytest.raises(ServiceError, match=r"staff\.link_dead"):
        sign_in.choose_password(database, first, OTHER, HOME)
    sign_in.choose_password(database, second, OTHER, HOME)
    assert not is_live(database, old.token)
    assert sign_in.sign_in(database, "somsri", GOOD, HOME) == WrongPassword()


def test_only_a_demo_account_enters_by_its_link_alone(database: Database) -> None:
    demo, real = make(database, "demo", is_demo=True), make(database, "real")
    with pytest.raises(ServiceError, match=r"staff\.not_demo"):
        sign_in.sign_in_with_link(database, real.token, HOME)
    assert sign_in.choose_password(database, real.token, GOOD, HOME)  # the refusal did not use it up
    assert is_live(database, sign_in.sign_in_with_link(database, demo.token, HOME).token)
    with pytest.raises(ServiceError, match=r"staff\.link_dead"):
        sign_in.sign_in_with_link(database, demo.token, HOME)


def test_unknown_disabled_and_passwordless_accounts_are_answered_alike(
    database: Database, somsri: NewAccount
) -> None:
    make(database, "no-password")
    with database.unit_of_work() as uow:
        accounts.disable_account(uow, somsri.account.id, actor="no-password")
    for name in ("somsri", "no-password", "nobody", "ไม่มี\x00", "", "x" * 5_000):
        assert sign_in.sign_in(database, name, GOOD, HOME) == WrongPassword()


def test_a_session_ends_idle_after_eight_hours_and_always_after_twelve(
    database: Database, somsri: NewAccount, clock: FixedClock
) -> None:
    idle = sign_in.sign_in(database, "somsri", GOOD, HOME)
    busy = sign_in.sign_in(database, "somsri", GOOD, HOME)
    assert isinstance(idle, SignedIn) and isinstance(busy, SignedIn)
    clock.advance(hours=7, minutes=59)
    assert is_live(database, idle.token)
    with database.unit_of_work() as uow:
        session = sessions.find(uow, busy.token)
        assert session is not None
        sessions.touch(uow, session)
    clock.advance(minutes=1)
    assert not is_live(database, idle.token)
    clock.advance(hours=3, minutes=59)
    assert is_live(database, busy.token)
    clock.advance(minutes=1)
    assert not is_live(database, busy.token)


def test_signing_in_again_ends_the_session_the_browser_had(database: Database, somsri: NewAccount) -> None:
    first = sign_in.sign_in(database, "somsri", GOOD, HOME)
    assert isinstance(first, SignedIn)
    again = sign_in.sign_in(database, "somsri", GOOD, Browser(address="::1", session_token=first.token))
    assert isinstance(again, SignedIn) and again.token != first.token
    assert not is_live(database, first.token)


def test_changing_the_password_needs_the_old_one_and_ends_other_sessions(
    database: Database, somsri: NewAccount
) -> None:
    other = sign_in.sign_in(database, "somsri", GOOD, ELSEWHERE)
    assert isinstance(other, SignedIn)
    account_id = somsri.account.id
    assert sign_in.change_password(database, account_id, "wrong", OTHER, HOME) == WrongPassword()
    assert is_live(database, other.token)
    with pytest.raises(ServiceError, match=r"staff\.password_too_short"):
        sign_in.change_password(database, account_id, GOOD, "short", HOME)
    changed = sign_in.change_password(database, account_id, GOOD, OTHER, HOME)
    assert isinstance(changed, SignedIn) and is_live(database, changed.token)
    assert not is_live(database, other.token)
    assert isinstance(sign_in.sign_in(database, "somsri", OTHER, HOME), SignedIn)


def test_guessing_from_one_place_waits_longer_and_longer_but_never_for_good(
    database: Database, somsri: NewAccount, clock: FixedClock
) -> None:
    for _ in range(throttling.PAIR_LIMIT.free):
        assert sign_in.sign_in(database, "somsri", "wrong", ELSEWHERE) == WrongPassword()
    waits: list[int] = []
    for _ in range(12):
        outcome = sign_in.sign_in(database, "somsri", GOOD, ELSEWHERE)
        assert isinstance(outcome, MustWait)  # even the right password is not tried
        assert sign_in.sign_in(database, "somsri", "wrong", ELSEWHERE) == outcome  # nor does trying cost more
        waits.append(outcome.seconds)
        clock.advance(seconds=outcome.seconds)
        assert sign_in.sign_in(database, "somsri", "wrong", ELSEWHERE) == WrongPassword()
    assert waits[:4] == [60, 120, 240, 480]
    assert max(waits) == 60 * 60
    assert isinstance(sign_in.sign_in(database, "somsri", GOOD, HOME), SignedIn)  # from her own place
    clock.advance(hours=1)
    assert isinstance(sign_in.sign_in(database, "somsri", GOOD, ELSEWHERE), SignedIn)
    assert sign_in.sign_in(database, "somsri", "wrong", ELSEWHERE) == WrongPassword()  # and starts afresh


def test_many_machines_at_one_name_do_not_keep_its_owner_out(
    database: Database, somsri: NewAccount, clock: FixedClock
) -> None:
    assert isinstance(sign_in.sign_in(database, "somsri", GOOD, HOME), SignedIn)
    for number in range(throttling.ACCOUNT_LIMIT.free + 2):
        fail(database, 1, Browser(address=f"192.0.2.{number}"), clock)
    stranger = sign_in.sign_in(database, "somsri", "wrong", Browser(address="192.0.2.200"))
    assert isinstance(stranger, MustWait) and stranger.seconds <= throttling.ACCOUNT_LIMIT.longest_seconds
    assert isinstance(sign_in.sign_in(database, "somsri", GOOD, HOME), SignedIn)


def test_one_machine_that_tries_many_names_is_slowed_down(database: Database) -> None:
    limit = throttling.ADDRESS_LIMIT.free
    with database.unit_of_work() as uow:
        for number in range(limit):
            throttling.count_try(uow, f"name-{number}", ELSEWHERE.address)
    assert isinstance(sign_in.sign_in(database, "anybody", "wrong", ELSEWHERE), MustWait)
    assert sign_in.sign_in(database, "anybody", "wrong", HOME) == WrongPassword()


def test_old_tries_are_forgotten(database: Database, clock: FixedClock) -> None:
    sign_in.sign_in(database, "somsri", "wrong", HOME)
    clock.advance(days=91)
    sign_in.sign_in(database, "malee", "wrong", HOME)
    with database.read() as reader:
        assert reader.session.scalar(select(func.count()).select_from(SignInAttempt)) == 1


def test_secrets_are_neither_stored_nor_logged(
    database: Database, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    made = make(database)
    first = sign_in.choose_password(database, made.token, GOOD, HOME)
    sign_in.sign_in(database, "somsri", OTHER, HOME)
    sign_in.sign_in(database, "my secret typed as a name", OTHER, HOME)
    outcome = sign_in.sign_in(database, "somsri", GOOD, HOME)
    assert isinstance(outcome, SignedIn)
    written = capsys.readouterr()
    kept = caplog.text + written.out + written.err
    with database.read() as reader:
        for table in (AuditRecord, StaffAccount, StaffSession, OneTimeLink, SignInAttempt):
            for row in reader.session.execute(select(table.__table__)):
                kept += repr(tuple(row))
    for secret in (GOOD, OTHER, made.token, first.token, outcome.token, "typed as a name"):
        assert secret not in kept
