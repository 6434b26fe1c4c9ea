"""What stands on a PDF, as whoever copies or searches it finds it."""

import io
import re
from collections.abc import Iterator

from pypdf import PageObject, PdfReader
from pypdf.generic import (
    ArrayObject,
    ContentStream,
    DictionaryObject,
    NameObject,
    PdfObject,
    StreamObject,
    TextStringObject,
)

_MAPPED = re.compile(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]+)>")


def words_of(pdf: bytes) -> str:
    """The words of all pages, a line for each piece of one font.

    Thai is written so that one mark is drawn with several shapes; what a reader takes for their text then
    stands beside them as `ActualText`, which pypdf's own extraction passes over.
    """
    return "\n".join(line for page in PdfReader(io.BytesIO(pdf)).pages for line in _lines(page))


def strings_of(pdf: bytes) -> str:
    """Every string of the file outside its pages: its title, its structure, what programs made it."""
    reader = PdfReader(io.BytesIO(pdf))
    found: list[str] = []
    for number in range(1, len(reader.xref[0]) + len(reader.xref_objStm) + 1):
        found += _strings(reader.get_object(number))
    return "\n".join([*found, str(reader.metadata)])


def _lines(page: PageObject) -> Iterator[str]:
    fonts = {name: _texts_of(font) for name, font in _below(_below(page, "/Resources"), "/Font").items()}
    said, within, font = "", 0, {}
    for operands, operator in ContentStream(page.get_contents(), page.pdf).operations:
        match operator:
            case b"BDC":
                actual = operands[1].get("/ActualText") if isinstance(operands[1], DictionaryObject) else None
                if within or actual is not None:
                    said += "" if within else str(actual)
                    within += 1
            case b"EMC":
                within = max(within - 1, 0)
            case b"Tf":
                font = fonts[operands[0]]
            case b"Tj" | b"TJ" if not within:
                pieces = operands[0] if operator == b"TJ" else operands
                said += "".join(_read(piece, font) for piece in pieces if isinstance(piece, TextStringObject))
            case b"ET":
                yield said
                said = ""
            case _:
                pass


def _below(thing: DictionaryObject, name: str) -> DictionaryObject:
    found = thing[NameObject(name)].get_object()
    assert isinstance(found, DictionaryObject)
    return found


def _texts_of(font: PdfObject) -> dict[bytes, str]:
    """The text of each shape of a font, by its number in two bytes."""
    described = font.get_object()
    assert isinstance(described, DictionaryObject)
    table = _below(described, "/ToUnicode")
    assert isinstance(table, StreamObject)
    return {
        bytes.fromhex(shape.decode()): bytes.fromhex(text.decode()).decode("utf-16-be")
        for shape, text in _MAPPED.findall(table.get_data())
    }


def _read(piece: TextStringObject, font: dict[bytes, str]) -> str:
    shapes = piece.original_bytes
    return "".join(font.get(shapes[at : at + 2], "") for at in range(0, len(shapes), 2))


def _strings(thing: object) -> Iterator[str]:
    if isinstance(thing, TextStringObject):
        yield str(thing)
    elif isinstance(thing, DictionaryObject):
        for value in thing.values():
            yield from _strings(value)
    elif isinstance(thing, ArrayObject):
        for value in thing:
            yield from _strings(value)
