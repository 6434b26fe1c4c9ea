"""The public number of a complaint, the private key that opens its whole timeline, and the code of a spot.

All are random letters and digits that are hard to confuse. A number ends in a check character: with 23
characters, a prime, and a weight of its own for each place, every single wrong character and every two
characters that changed places are found. The key is shown once and stored only as a hash.
"""

import hashlib
import hmac
import re
import secrets
import unicodedata

from eservice.kit.masking import MASK
from eservice.kit.thai_calendar import arabic_digits

ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
"""Without 0 O, 1 I L, 5 S, 2 Z, 8 B, U V: of each such pair neither is ever printed."""

NUMBER_LENGTH = 8  # the last is the check character: 3.4 thousand million numbers
SPOT_LENGTH = 6  # the last is the check character
KEY_LENGTH = 12  # 54 bits; keys of ten characters were given before, and go on opening
_MISREAD = str.maketrans("0O1IL5S2Z8BUV", "QQJJJ667733YY")
_SEPARATORS = re.compile(r"[\s\-‐-―_.·/\u200b-\u200d\ufeff]+")
_TYPED = "[0-9A-Za-z๐-๙]"
_SHOWN_KEY = re.compile(rf"(?<![\w-])[{ALPHABET}]{{5,6}}-[{ALPHABET}]{{5,6}}(?![\w-])", re.I)
_NUMBER_AND_KEY = re.compile(
    rf"(?<!\w)(?P<before>(?P<number>{_TYPED}{{4}}[\s-]?{_TYPED}{{4}})(?:[\s,:/]|รหัส)+)"
    rf"{_TYPED}{{5,6}}[\s-]?{_TYPED}{{5,6}}(?!\w)"
)
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def new_number() -> str:
    """A number nobody can guess from another, e.g. `K7RM4WQD`. Whether it is free, the database says."""
    return _checked(NUMBER_LENGTH)


def new_spot_code() -> str:
    """The code of a spot, short enough to type from a sign."""
    return _checked(SPOT_LENGTH)


def new_key() -> str:
    """A key that nobody can guess."""
    return _random(KEY_LENGTH)


def read_number(text: str) -> str | None:
    """The number that a person typed, or None for what cannot be one.

    Small letters, blanks, hyphens, Thai digits and a `#` in front do not matter. A character that is never
    printed is taken for the printed one that looks most like it; a wrong guess fails the check.
    """
    return _read(text, NUMBER_LENGTH)


def read_spot_code(text: str) -> str | None:
    """The code of a spot that a person typed or scanned, as forgiving as `read_number`."""
    return _read(text, SPOT_LENGTH)


def shown(code: str) -> str:
    """A number or key as people see it: in two halves, `K7RM-4WQD`."""
    middle = len(code) // 2
    return f"{code[:middle]}-{code[middle:]}"


def without_keys(text: str) -> str:
    """The text with private keys hidden, as they are printed or typed behind a number: for staff to read."""

    def hidden(found: re.Match[str]) -> str:
        return found["before"] + MASK if read_number(found["number"]) else found[0]

    return _SHOWN_KEY.sub(MASK, _NUMBER_AND_KEY.sub(hidden, text))


def key_hash(number: str, key: str) -> str:
    """How the key of the complaint is stored; equal keys of two complaints do not look equal."""
    return hashlib.sha256(f"{number}:{_plain(key)}".encode()).hexdigest()


def opens(number: str, key: str, stored_hash: str) -> bool:
    """Whether the key is that of the complaint. Takes as long for a wrong key as for the right one."""
    return hmac.compare_digest(key_hash(number, key), stored_hash)


def _checked(length: int) -> str:
    body = _random(length - 1)
    return body + _check_character(body)


def _read(text: str, length: int) -> str | None:
    code = _plain(text).removeprefix("#")
    if len(code) != length or not _VALUES.keys() >= set(code):
        return None
    return code if _check_character(code[:-1]) == code[-1] else None


def _plain(text: str) -> str:
    upper = unicodedata.normalize("NFKC", arabic_digits(text)).upper()
    return _SEPARATORS.sub("", upper).translate(_MISREAD)


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def _check_character(body: str) -> str:
    """The character that makes the weighted sum a multiple of 23; its own weight is 1, those before 2, 3, …"""
    total = sum(weight * _VALUES[character] for weight, character in enumerate(body, start=2))
    return ALPHABET[-total % len(ALPHABET)]
