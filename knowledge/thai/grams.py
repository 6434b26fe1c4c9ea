"""Character n-grams and consonant-skeleton n-grams as exact integers.

TIS-620 holds every Thai letter and ASCII in one byte, so four letters fit in 32 bits without collisions.
"""

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.int64]

_DROPPED = b" ?\t\r\n"


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


def character_grams(text: str, sizes: tuple[int, ...] = (2, 3, 4)) -> Keys:
    """Every n-gram of normalised `text`, spaces left out, in order of occurrence within each size."""
    return _grams(text.encode("cp874", "replace").translate(None, _DROPPED), sizes)


def skeleton_grams(text: str, sizes: tuple[int, ...] = (3, 4)) -> Keys:
    """N-grams of what survives typing slips: consonants folded by sound and long vowels, no marks."""
    return _grams(text.encode("cp874", "replace").translate(_FOLD, _SKELETON_DROPPED), sizes)


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
