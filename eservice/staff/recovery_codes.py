"""Recovery codes: ten on paper, each once, for a person whose phone is lost.

Short enough to be typed, so their hash is a slow one. All codes of a person share a salt: a typed one is
hashed once and compared with all of them.
"""

import secrets

from eservice.staff import passwords

COUNT = 10
LENGTH = 10  # characters: 49 bits
ALPHABET = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # without those that look alike


def new_codes() -> list[str]:
    """A new set, as it is printed, e.g. "K7WQP-3MZ9D"."""
    found: set[str] = set()
    while len(found) < COUNT:
        marks = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
        found.add(f"{marks[:5]}-{marks[5:]}")
    return sorted(found)


def new_salt() -> str:
    """A salt for a set of codes."""
    return secrets.token_hex(16)


def hash_code(code: str, salt: str) -> str:
    """The stored form of a code as `typed` leaves it. Raises ServiceError `staff.busy` when too many wait."""
    return passwords.stretch(code.replace("-", ""), salt)
