"""Browsers that an account knows: strangers' failures do not make them wait; their names in words."""

import pytest

from eservice.kit.clock import FixedClock
from eservice.kit.database import Database
from eservice.staff import accounts, devices, sign_in, throttling
from eservice.staff.accounts import Profile
from eservice.staff.models import Role
from eservice.staff.permissions import Grant
from eservice.staff.sign_in import Browser, MustWait, SignedIn, WrongPassword

GOOD = "ข้าวเหนียวหมูปิ้งหน้าตลาด"
OFFICE = "203.0.113.7"  # one address for everybody who works there


def token_of(database: Database, username: str, device_token: str = "") -> str:
    """Makes the account and signs in; the token that its browser carries from then on."""
    profile = Profile(display_name="คนหนึ่ง", grants=[Grant(role=Role.AUTHOR)])
    with database.unit_of_work() as uow:
        link = accounts.create_account(uow, username, profile, actor="cli").token
    browser = Browser(address=OFFICE, device_token=device_token)
    signed_in = sign_in.choose_password(database, link, GOOD, browser)
    assert isinstance(signed_in, SignedIn)
    return signed_in.device_token


def test_a_known_browser_is_kept_out_by_nobody_and_counts_its_own_failures(
    database: Database, clock: FixedClock
) -> None:
    own = Browser(address=OFFICE, device_token=token_of(database, "somsri"))
    colleague = Browser(address=OFFICE, device_token=token_of(database, "malee"))
    for _ in range(throttling.PAIR_LIMIT.free):
        assert sign_in.sign_in(database, "somsri", "wrong", colleague) == WrongPassword()
    assert sign_in.sign_in(database, "somsri", GOOD, colleague) == MustWait(seconds=60)
    assert isinstance(sign_in.sign_in(database, "somsri", GOOD, own), SignedIn)
    clock.advance(seconds=1)
    assert sign_in.sign_in(database, "somsri", GOOD, colleague) == MustWait(seconds=59)
    for _ in range(throttling.PAIR_LIMIT.free):
        assert sign_in.sign_in(database, "somsri", "wrong", own) == WrongPassword()
    assert sign_in.sign_in(database, "somsri", GOOD, own) == MustWait(seconds=60)


def test_one_browser_serves_several_people_and_an_invented_token_none(
    database: Database, clock: FixedClock
) -> None:
    shared = token_of(database, "somsri")
    assert token_of(database, "malee", shared) == shared
    assert token_of(database, "wichai", "chosen-by-an-attacker") not in ("chosen-by-an-attacker", shared)
    with database.read() as reader:
        known = [devices.known(reader, name, shared) is not None for name in ("somsri", "malee", "wichai")]
        assert known == [True, True, False]
        assert devices.known(reader, "wichai", "chosen-by-an-attacker") is None
    clock.advance(days=180)
    with database.read() as reader:
        assert devices.known(reader, "somsri", shared) is None


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0",
            ("Edge", "Windows"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-A556E) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
            ("Chrome", "Android"),
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1",
            ("Safari", "iPhone"),
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari Line/14.1", ("LINE", "iPhone")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0", ("Firefox", "Linux")),
        ("curl/8.5.0", ("", "")),
    ],
)
def test_a_browser_is_named_in_words(user_agent: str, words: tuple[str, str]) -> None:
    assert devices.in_words(user_agent) == words
