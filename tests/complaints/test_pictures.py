"""What comes of a photo before it is kept: hostile files, strange files, and what may not leak."""

import random
import struct
import zlib
from hashlib import sha256
from io import BytesIO

import pytest
from PIL import Image, ImageEnhance, ImageOps
from PIL.PngImagePlugin import PngInfo

from eservice.complaints.pictures import (
    LONG_SIDE,
    MAX_BYTES,
    NEAR_BITS,
    THUMBNAIL_SIDE,
    PreparedPhoto,
    bits_apart,
    prepare,
)
from tests.complaints.desk import refused
from tests.complaints.pictures import file_of, photo, scene

CANARY = "canary-15.8700N-100.9925E"


def drawn(prepared: PreparedPhoto) -> Image.Image:
    opened = Image.open(BytesIO(prepared.image))
    opened.load()
    assert (opened.format, opened.mode, opened.size) == ("JPEG", "RGB", (prepared.width, prepared.height))
    return opened


def colour(picture: Image.Image, x: float, y: float) -> tuple[int, ...]:
    """The colour at a place given as shares of width and height, to the nearest 64."""
    at = picture.getpixel((int(x * picture.width), int(y * picture.height)))
    assert isinstance(at, tuple)
    return tuple(64 * round(part / 64) for part in at)


def halves(left: str, right: str, size: tuple[int, int] = (400, 200)) -> Image.Image:
    """One colour beside another."""
    picture = Image.new("RGB", size, left)
    picture.paste(right, (size[0] // 2, 0, size[0], size[1]))
    return picture


def png_that_claims(width: int, height: int) -> bytes:
    """A small file whose head speaks of a large picture."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(40_000))) + chunk(b"IEND", b"")


def test_a_photo_is_drawn_anew_in_two_sizes() -> None:
    original = photo(1, (3000, 1500))
    prepared = prepare(original)
    assert (prepared.width, prepared.height) == (LONG_SIDE, LONG_SIDE // 2)
    assert Image.open(BytesIO(prepared.thumbnail)).size == (THUMBNAIL_SIDE, THUMBNAIL_SIDE // 2)
    assert prepared.original_sha256 == sha256(original).hexdigest()
    assert prepared.sha256 == sha256(prepared.image).hexdigest()
    drawn(prepared)
    small = prepare(photo(1, (90, 60)))
    assert (small.width, small.height) == (90, 60)  # never made larger


def test_nothing_but_the_pixels_goes_on() -> None:
    exif = Image.Exif()
    exif[0x010F] = CANARY  # who made the camera
    exif.get_ifd(0x8825).update({1: "N", 2: (15.0, 52.0, 12.0), 3: "E", 4: (100.0, 59.0, 33.0)})
    notes = PngInfo()
    notes.add_text("Author", CANARY)
    profile = b"\0\0\0\x80lcms" + CANARY.encode() * 5
    for original in (
        file_of(scene(1), exif=exif, comment=CANARY.encode(), icc_profile=profile),
        file_of(scene(1), "PNG", pnginfo=notes, exif=exif, icc_profile=profile),
        file_of(scene(1), "WEBP", exif=exif.tobytes(), xmp=CANARY.encode(), icc_profile=profile),
        photo(1) + CANARY.encode(),
    ):
        assert CANARY.encode() in original or b"zTXt" in original or b"iCCP" in original
        prepared = prepare(original)
        for kept in (prepared.image, prepared.thumbnail):
            assert CANARY.encode() not in kept
            opened = Image.open(BytesIO(kept))
            assert not opened.getexif() and set(opened.info) <= {
                "jfif", "jfif_version", "jfif_unit", "jfif_density",
            }  # fmt: skip


@pytest.mark.parametrize(
    ("turn", "seen"),
    [
        (1, None),
        (2, Image.Transpose.FLIP_LEFT_RIGHT),
        (3, Image.Transpose.ROTATE_180),
        (4, Image.Transpose.FLIP_TOP_BOTTOM),
        (5, Image.Transpose.TRANSPOSE),
        (6, Image.Transpose.ROTATE_90),
        (7, Image.Transpose.TRANSVERSE),
        (8, Image.Transpose.ROTATE_270),
    ],
)
def test_a_photo_stands_upright_however_the_camera_was_held(turn: int, seen: Image.Transpose | None) -> None:
    upright = scene(3, (320, 200))
    held = upright if seen is None else upright.transpose(seen)
    exif = Image.Exif()
    exif[0x0112] = turn
    prepared = prepare(file_of(held, quality=95, exif=exif))
    assert (prepared.width, prepared.height) == (320, 200)
    assert bits_apart(prepared.look, prepare(file_of(upright, quality=95)).look) <= 2  # of 64


@pytest.mark.parametrize(
    ("original", "left", "right"),
    [
        (file_of(halves("red", "blue").convert("CMYK")), (256, 0, 0), (0, 0, 256)),
        (file_of(halves("red", "blue").convert("P"), "PNG"), (256, 0, 0), (0, 0, 256)),
        (file_of(halves("red", "blue"), "WEBP"), (256, 0, 0), (0, 0, 256)),
        (file_of(halves("black", "white").convert("1"), "PNG"), (0, 0, 0), (256, 256, 256)),
        (file_of(halves("black", "white").convert("L")), (0, 0, 0), (256, 256, 256)),
        (file_of(Image.new("RGBA", (40, 40), (0, 0, 0, 0)), "PNG"), (256, 256, 256), (256, 256, 256)),
        (file_of(Image.new("LA", (40, 40), (0, 128)), "PNG"), (128, 128, 128), (128, 128, 128)),
        (file_of(Image.new("I;16", (40, 40), 32_768), "PNG"), (128, 128, 128), (128, 128, 128)),
        (
            file_of(halves("red", "blue"), "PNG", save_all=True, append_images=[halves("lime", "lime")]),
            (256, 0, 0),
            (0, 0, 256),
        ),
        (
            file_of(
                halves("red", "blue"), "WEBP", save_all=True, append_images=[halves("lime", "lime")], lossless=True
            ),
            (256, 0, 0),
            (0, 0, 256),
        ),
    ],
    ids=["cmyk", "palette", "webp", "one bit", "grey", "clear", "half clear", "16 bit", "moving png", "moving webp"],
)  # fmt: skip
def test_every_kind_of_colour_and_the_first_frame(
    original: bytes, left: tuple[int, ...], right: tuple[int, ...]
) -> None:
    picture = drawn(prepare(original))
    assert (colour(picture, 0.25, 0.5), colour(picture, 0.75, 0.5)) == (left, right)


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "L"), ("WEBP", "RGB")])
def test_a_large_picture_is_made_small_early_and_keeps_its_colours_and_its_way_up(
    kind: str, mode: str
) -> None:
    upright = halves("black", "white", (4_200, 1_100)).convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    prepared = prepare(file_of(upright.transpose(Image.Transpose.ROTATE_90), kind, exif=exif))
    picture = drawn(prepared)
    assert (prepared.width, prepared.height) == (2_048, 536)
    assert (colour(picture, 0.25, 0.5), colour(picture, 0.75, 0.5)) == ((0, 0, 0), (256, 256, 256))


def test_a_phones_double_photo_is_its_first() -> None:
    double = file_of(scene(1), "MPO", save_all=True, append_images=[scene(2)], quality=90)
    assert prepare(double).look == prepare(photo(1)).look


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not_a_picture"),
        (b"<html><script>alert(1)</script></html>", "not_a_picture"),
        (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "not_a_picture"),
        (b"%PDF-1.7\n", "not_a_picture"),
        (b"PK\x03\x04" + bytes(100), "not_a_picture"),
        (file_of(scene(1), "GIF"), "not_a_picture"),
        (file_of(scene(1), "BMP"), "not_a_picture"),
        (file_of(scene(1), "TIFF"), "not_a_picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not_a_picture"),
        (photo(1)[:-2_000], "not_a_picture"),
        (file_of(scene(1), "PNG")[:-2_000], "not_a_picture"),
        (file_of(scene(1), "WEBP")[:-2_000], "not_a_picture"),
        (photo(1)[:20], "not_a_picture"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "heic"),
        (b"\0\0\0\x18ftypmif1" + bytes(100), "heic"),
        (photo(1) + bytes(MAX_BYTES), "too_large"),
        (png_that_claims(20_000, 20_000), "too_large"),
        (png_that_claims(8_000, 5_001), "too_large"),
        (png_that_claims(1, 40_000), "too_large"),  # a thread: it takes long to shrink and is no photo
        (png_that_claims(8_000, 5_000), "not_a_picture"),  # within the limits, but the pixels are not there
    ],
)
def test_what_is_no_photo_is_refused(content: bytes, code: str) -> None:
    with refused(f"photos.{code}"):
        prepare(content)


def test_damaged_files_are_refused_and_never_a_fault() -> None:
    chance = random.Random(2570)
    sound = [file_of(scene(1, (64, 48)), kind) for kind in ("JPEG", "PNG", "WEBP")]
    for number in range(1_500):
        damaged = bytearray(sound[number % 3])
        for _ in range(chance.randrange(1, 12)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if number % 5 == 0:
            del damaged[chance.randrange(len(damaged)) :]
        try:
            prepare(bytes(damaged))
        except Exception as fault:
            assert getattr(fault, "code", "").startswith("photos."), fault


def cut(picture: Image.Image, share: float) -> Image.Image:
    """Without so much of its width and height, on all sides alike."""
    x, y = picture.width * share / 2, picture.height * share / 2
    return picture.crop((int(x), int(y), int(picture.width - x), int(picture.height - y)))


def test_a_look_survives_what_people_do_to_a_photo_and_tells_others_apart() -> None:
    looks = [prepare(photo(seed)).look for seed in range(40)]
    for seed, look in enumerate(looks):
        picture = scene(seed)
        for edited in (
            file_of(picture, quality=30),
            file_of(picture.resize((200, 150)), "PNG"),
            file_of(cut(picture, 0.02)),
            file_of(ImageEnhance.Brightness(picture).enhance(0.75)),
            file_of(ImageOps.grayscale(picture)),
        ):
            assert bits_apart(look, prepare(edited).look) <= NEAR_BITS
        assert all(bits_apart(look, other) > NEAR_BITS for other in looks[:seed])
