"""Passwords: what may be one, and its Argon2id hash.

Long and not easily guessed is all that is asked: no rules of composition. Hashing takes some tens of
milliseconds, so it never happens inside a transaction.
"""

import threading
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from eservice.kit.errors import ErrorKind, ServiceError

MIN_LENGTH = 15  # characters, after NFC
MAX_LENGTH = 200  # so that a password is never a way to keep the machine busy
MIN_UNCOMMON = 5  # characters that must be left once every common word and number is taken away
MIN_DISTINCT = 5
MIN_RUN = 3  # a shorter piece of the keyboard or the alphabet may be chance
MIN_OWN_WORD = 3

HASHES_AT_ONCE = 2  # 19 MiB of memory each
HASH_WAIT_SECONDS = 10.0

_ARGON2 = Argon2Hasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_HASHER = PasswordHash([_ARGON2])
_slots = threading.BoundedSemaphore(HASHES_AT_ONCE)

# The hash of a random password that nobody kept: an unknown name costs as much time as a known one.
NOBODYS_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1$zD5Fd4kh9rUSq2P41QL/Iw$AZXr74KYjw5rAbS+M39l2NUON2zQ+INS8MogZUN0+BQ"
)


def check_password(password: str, own_words: Iterable[str] = ()) -> str:
    """The password in NFC, as it is hashed. `own_words` are the person's and the office's own names.

    Raises ServiceError `staff.password_too_short`, `staff.password_too_long`, `staff.password_common`.
    """
    normal = unicodedata.normalize("NFC", password)
    if len(normal) < MIN_LENGTH:
        raise _refused("too_short")
    if len(normal) > MAX_LENGTH:
        raise _refused("too_long")
    if _is_common(normal, own_words):
        raise _refused("common")
    return normal


def _refused(fault: str) -> ServiceError:
    return ServiceError(f"staff.password_{fault}", ErrorKind.INVALID, fields={"password": fault})


def hash_password(password: str) -> str:
    """The Argon2id hash of a checked password. Raises ServiceError `staff.busy` when too many wait."""
    _take_slot()
    try:
        return _HASHER.hash(unicodedata.normalize("NFC", password))
    finally:
        _slots.release()


def verify(password: str, password_hash: str | None) -> bool:
    """Whether the password is right. Without a hash the answer is no, after just as long.

    Raises ServiceError `staff.busy` when too many wait.
    """
    shortened = unicodedata.normalize("NFC", password[: MAX_LENGTH + 1])
    _take_slot()
    try:
        is_right = _HASHER.verify(shortened, password_hash or NOBODYS_HASH)
    finally:
        _slots.release()
    return is_right and password_hash is not None


def stretch(secret: str, salt: str) -> str:
    """A slow hash that is the same each time, of a short secret that must be found by its hash. Base64, 43 marks.

    `salt` is hexadecimal. Raises ServiceError `staff.busy` when too many wait.
    """
    _take_slot()
    try:
        return _ARGON2.hash(secret, salt=bytes.fromhex(salt)).rpartition("$")[2]
    finally:
        _slots.release()


def _take_slot() -> None:
    if not _slots.acquire(timeout=HASH_WAIT_SECONDS):
        raise ServiceError("staff.busy", ErrorKind.UNAVAILABLE, retry_after_seconds=5)


def _is_common(password: str, own_words: Iterable[str]) -> bool:
    """Whether little is left of the password once common words, keyboard runs and numbers are gone.

    This refuses all of the usual lists of common passwords that are long enough to matter, and their
    variations, without shipping them.
    """
    plain = _plain(password)
    if len(set(plain)) < MIN_DISTINCT:
        return True
    rest = _without_repetition(plain)
    own = {part for word in own_words for part in _own_parts(word)}
    for word in sorted(own | _common_words(), key=len, reverse=True):
        rest = rest.replace(word, "")
    rest = _without_runs(rest)
    return len("".join(mark for mark in rest if not mark.isdigit())) < MIN_UNCOMMON


def _plain(text: str) -> str:
    """Small letters and digits only, with the usual disguises (@ for a, 0 within a word) taken off."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(str.maketrans("@$!", "asi"))
    kept = [mark for mark in folded if mark.isalnum() or unicodedata.category(mark) in ("Mn", "Mc")]
    digits = str.maketrans("01345", "oleas")
    return "".join(
        mark.translate(digits) if _between_letters(kept, place) else mark for place, mark in enumerate(kept)
    )


def _between_letters(marks: list[str], place: int) -> bool:
    return 0 < place < len(marks) - 1 and marks[place - 1].isalpha() and marks[place + 1].isalpha()


def _own_parts(word: str) -> set[str]:
    whole = _plain(word)
    parts = {_plain(part) for part in word.split()} | {whole}
    return {part for part in parts if len(part) >= MIN_OWN_WORD}


def _without_repetition(text: str) -> str:
    """The unit of a text that only repeats it: `abcabcabc` is `abc`."""
    length = (text + text).find(text, 1)
    return text[:length]


def _without_runs(text: str) -> str:
    """The text without pieces of the rows of the keyboard or of the alphabet, in either direction."""
    kept: list[str] = []
    place = 0
    while place < len(text):
        end = place + 1
        while end < len(text) and any(text[place : end + 1] in row for row in _rows()):
            end += 1
        if end - place < MIN_RUN:
            end = place + 1
            kept.append(text[place])
        place = end
    return "".join(kept)


@lru_cache(maxsize=1)
def _lists() -> tuple[frozenset[str], tuple[str, ...]]:
    with (Path(__file__).parent / "common_passwords.toml").open("rb") as file:
        lists = tomllib.load(file)
    words = frozenset(plain for group in lists["words"].values() for plain in map(_plain, group.split()))
    rows = [_plain(row) for row in lists["rows"].values()]
    return words, tuple(rows + [row[::-1] for row in rows])


def _common_words() -> frozenset[str]:
    return _lists()[0]


def _rows() -> tuple[str, ...]:
    return _lists()[1]
