"""Character n-grams and consonant-skeleton n-grams as exact integers.

TIS-620 holds every Thai letter and ASCII in one byte, so four letters fit in 32 bits without collisions.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]

_DROPPED = b" ?\t\r\n"
_BETWEEN = "\0"
_CHARACTER_SIZES = (2, 3, 4)
_SKELETON_SIZES = (3, 4)


def _fold_table() -> bytes:
    """Letters that sound alike, or are taken for one another, become one."""
    table = bytearray(range(256))
    for group in (
        "สซศษ",
        "นณ",
        "ลรฬ",
        "ทธฑฒ",
        "คฆขฃฅ",
        "พภผ",
        "ฟฝ",
        "ตฏ",
        "ดฎ",
        "ชฌฉ",
        "ฮห",
        "ยญ",
        "ไใ",
        "าำ",
    ):
        encoded = group.encode("cp874")
        for letter in encoded:
            table[letter] = encoded[0]
    return bytes(table)


_FOLD = _fold_table()
_SKELETON_DROPPED = _DROPPED + "ัิีึืฺุู็่้๊๋์ํๆฯะ".encode("cp874")


def skeleton(text: str) -> str:
    """What survives typing slips in normalised `text`: consonants folded by sound and long vowels, no marks."""
    return text.encode("cp874", "replace").translate(_FOLD, _SKELETON_DROPPED).decode("cp874")


def character_grams(text: str, sizes: tuple[int, ...] = _CHARACTER_SIZES) -> Keys:
    """Every n-gram of normalised `text`, spaces left out, in order of occurrence within each size."""
    return _grams(text.encode("cp874", "replace").translate(None, _DROPPED), sizes)


def skeleton_grams(text: str, sizes: tuple[int, ...] = _SKELETON_SIZES) -> Keys:
    """N-grams of what survives typing slips: consonants folded by sound and long vowels, no marks."""
    return _grams(text.encode("cp874", "replace").translate(_FOLD, _SKELETON_DROPPED), sizes)


def grams_of_parts(texts: Sequence[str]) -> tuple[tuple[Keys, Keys], tuple[Keys, Keys]]:
    """`character_grams` and `skeleton_grams` of many texts at once, each with the number of its text."""
    together = _BETWEEN.join(texts).encode("cp874", "replace")
    return (
        _grams_within(together.translate(None, _DROPPED), _CHARACTER_SIZES),
        _grams_within(together.translate(_FOLD, _SKELETON_DROPPED), _SKELETON_SIZES),
    )


def _grams_within(letters: bytes, sizes: tuple[int, ...]) -> tuple[Keys, Keys]:
    """N-grams that hold no separator, and how many separators came before each."""
    codes = np.frombuffer(letters, dtype=np.uint8)
    text_numbers = np.cumsum(codes == 0)
    grams = codes.astype(np.int64)
    whole = codes != 0
    parts: list[Keys] = []
    numbers: list[Keys] = []
    for size in range(2, max(sizes) + 1):
        grams = (grams[:-1] << 8) | codes[size - 1 :]
        whole = whole[:-1] & (codes[size - 1 :] != 0)
        if size in sizes:
            parts.append(grams[whole])
            numbers.append(text_numbers[: len(whole)][whole])
    return np.concatenate(parts), np.concatenate(numbers)


def _grams(letters: bytes, sizes: tuple[int, ...]) -> Keys:
    codes = np.frombuffer(letters, dtype=np.uint8).astype(np.int64)
    parts: list[Keys] = []
    grams = codes
    for size in range(2, max(sizes) + 1):
        if len(codes) < size:
            break
        grams = (grams[:-1] << 8) | codes[size - 1 :]
        if size in sizes:
            parts.append(grams)
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)
