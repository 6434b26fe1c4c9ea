"""The office's seal: checked and drawn anew, as photos are, but as a small PNG that keeps what is transparent."""

from io import BytesIO

from PIL import Image

from eservice.complaints import pictures

SIDE = 512  # pixels at most
MAX_BYTES = pictures.MAX_BYTES


def draw(content: bytes) -> bytes:
    """The seal as it is kept and shown: only its pixels go on.

    Raises ServiceError `photos.too_large`, `photos.heic`, `photos.not_a_picture`.
    """
    pictures.prepare(content)  # refuses what is no picture, or made to mislead
    with Image.open(BytesIO(content)) as opened:
        drawn = Image.new("RGBA", opened.size)
        drawn.paste(opened.convert("RGBA"))
    drawn.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    kept = BytesIO()
    drawn.save(kept, "PNG", optimize=True)
    return kept.getvalue()
