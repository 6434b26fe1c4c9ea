"""Typing slips for measuring: what thumbs on a Thai phone keyboard do. Seeded; knows nothing of the product."""

import random

_ROWS = (
    "ๅ/-ภถุึคตจขช",
    "ๆไำพะัีรนยบล",
    "ฟหกดเ้่าสวง",
    "ผปแอิืทมใฝ",
    "+๑๒๓๔ู฿๕๖๗๘๙",
    '๐"ฎฑธํ๊ณฯญฐ,',
    "ฤฆฏโฌ็๋ษศซ.",
    "()ฉฮฺ์?ฒฬฦ",
)
_LATIN_KEYS = "1234567890-=qwertyuiop[]asdfghjkl;'zxcvbnm,./!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>?"
_LATIN_OF = dict(zip("".join(_ROWS), _LATIN_KEYS, strict=True))
_MARKS = "่้๊๋์็"
_CONFUSED = ("สซศษ", "นณ", "รล", "ทธฒ", "คฆข", "พภผ", "ดฎ", "ตฏ", "ใไ", "ิี", "ึื", "ุู", "เแ", "่้")


def _neighbours() -> dict[str, str]:
    near: dict[str, str] = {}
    for row in _ROWS:
        for place, letter in enumerate(row):
            near[letter] = row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
    return near


_NEAR = _neighbours()


def mistype(text: str, random_state: random.Random, *, rate: float = 0.07, layout_share: float = 0.04) -> str:
    """`text` with about `rate` slips a letter; a `layout_share` of texts is typed on the English layout."""
    letters = list(text)
    slips = max(1, sum(random_state.random() < rate for _ in letters))
    for _ in range(slips):
        if len(letters) < 3:
            break
        _slip(letters, random_state)
    if random_state.random() < layout_share:
        return "".join(_LATIN_OF.get(letter, letter) for letter in letters)
    return "".join(letters)


def _slip(letters: list[str], random_state: random.Random) -> None:
    at = random_state.randrange(len(letters) - 1)
    letter = letters[at]
    kind = random_state.random()
    if kind < 0.2:
        del letters[at]
    elif kind < 0.4:
        letters[at] = random_state.choice(_NEAR.get(letter) or letter)
    elif kind < 0.55:
        letters[at], letters[at + 1] = letters[at + 1], letter
    elif kind < 0.65:
        letters.insert(at, letter)
    elif kind < 0.85:
        group = next((group for group in _CONFUSED if letter in group), letter)
        letters[at] = random_state.choice(group)
    elif kind < 0.95:
        marks = [place for place, mark in enumerate(letters) if mark in _MARKS]
        if marks:
            del letters[random_state.choice(marks)]
    else:
        letters.insert(at, " ")
