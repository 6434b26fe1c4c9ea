"""Pictures for tests: drawn from a seed, saved in any way."""

import random
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw


def scene(seed: int, size: tuple[int, int] = (640, 480)) -> Image.Image:
    """A picture like no other seed's: patches of light behind, and shapes before them."""
    chance = random.Random(seed)
    coarse = Image.frombytes("RGB", (12, 9), chance.randbytes(12 * 9 * 3))
    picture = coarse.resize(size, Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        box = (x, y, x + chance.randrange(5, size[0] // 3), y + chance.randrange(5, size[1] // 3))
        pen.rectangle(box, fill=tuple(chance.randbytes(3)))
    return picture


def file_of(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    """The picture as a file."""
    written = BytesIO()
    picture.save(written, kind, **options)
    return written.getvalue()


def photo(seed: int, size: tuple[int, int] = (640, 480)) -> bytes:
    """A JPEG file like no other seed's."""
    return file_of(scene(seed, size), quality=90)
