"""One-time codes of an authenticator app (RFC 6238): six digits, a new one every half minute. Pure."""

import hmac
import unicodedata
from datetime import datetime

import pyotp
from pyotp.totp import TOTP

STEP_SECONDS = 30
WINDOW = 1  # steps that the phone's clock may be off, either way
DIGITS = 6


def new_seed() -> str:
    """160 random bits in base32, as authenticator apps take them."""
    return pyotp.random_base32()


def as_typed(code: str) -> str:
    """A code as people type it, without spaces and hyphens, in ASCII digits and capitals."""
    plain = unicodedata.normalize("NFKC", code)
    digits = (str(unicodedata.digit(mark)) if mark.isdigit() else mark for mark in plain)
    return "".join(digits).translate(str.maketrans("", "", " -\u00a0\u2013")).upper()


def step_of(at: datetime) -> int:
    """The half minute of an instant, counted from 1970."""
    return int(at.timestamp()) // STEP_SECONDS


def code_at(seed: str, step: int) -> str:
    """The code that the app shows in this half minute."""
    return TOTP(seed).generate_otp(step)


def matching_step(seed: str, code: str, *, at: datetime, after: int = -1) -> int | None:
    """The half minute whose code this is, among those later than `after`; None when it is nobody's."""
    now = step_of(at)
    steps = range(now - WINDOW, now + WINDOW + 1)
    matching = [step for step in steps if hmac.compare_digest(code_at(seed, step).encode(), code.encode())]
    return max((step for step in matching if step > after), default=None)


def enrolment_address(seed: str, *, username: str, issuer: str) -> str:
    """What the QR code tells the app."""
    return TOTP(seed).provisioning_uri(name=username, issuer_name=issuer)


def in_groups(seed: str) -> str:
    """The seed in groups of four, for typing it."""
    return " ".join(seed[start : start + 4] for start in range(0, len(seed), 4))
