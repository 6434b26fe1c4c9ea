"""The office's colours and seal: always readable, shown where they belong, kept by the media's housekeeping."""

from io import BytesIO

import pytest
from fastapi import FastAPI
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from starlette.testclient import TestClient

from eservice.complaints.forgetting import forget_orphans
from eservice.kit.database import Database
from eservice.kit.errors import ServiceError
from eservice.kit.http import add_problem_handlers
from eservice.kit.media import MediaStore
from eservice.office import service as offices
from eservice.office.colours import LEAST_CONTRAST, contrast, is_readable, stylesheet
from eservice.office.service import OfficeFacts
from eservice.portal.office_look import create_office_look
from eservice.setup import seal
from eservice.setup.plan import TEXTS

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_guidelines() -> None:
    assert round(contrast("#ffffff", "#084438"), 1) == 11.1
    assert contrast("#000000", "#ffffff") == 21
    assert is_readable("#0b5d4e") and not is_readable("#f4b63f")


@settings(max_examples=60)
@given(COLOURS, COLOURS)
def test_whatever_colours_are_taken_every_text_on_them_can_be_read(header: str, action: str) -> None:
    assume(is_readable(header) and is_readable(action))
    lines = (line.strip(" ;").split(": ") for line in stylesheet(header, action).splitlines() if ": " in line)
    tokens = dict(lines)
    assert contrast(tokens["--on-header-soft"], header) >= LEAST_CONTRAST
    assert contrast(tokens["--leaf-soft"], action) >= LEAST_CONTRAST
    assert contrast("#ffffff", tokens["--action-hover"]) >= LEAST_CONTRAST


@pytest.mark.parametrize("colours", [("#084438", ""), ("blue", "#0b5d4e"), ("#084438", "#ff8800")])
def test_half_unreadable_or_strange_colours_are_refused(colours: tuple[str, str]) -> None:
    facts = OfficeFacts(name="อบต.", address="", header_colour=colours[0], action_colour=colours[1])
    assert offices.faults_of(facts).keys() & {"header_colour", "action_colour"}


def test_a_seal_keeps_what_is_transparent_and_nothing_but_pixels() -> None:
    sent = BytesIO()
    picture = Image.new("RGBA", (1024, 512), (0, 0, 0, 0))
    hidden = PngInfo()
    hidden.add_text("Comment", "secret place")
    picture.save(sent, "PNG", pnginfo=hidden)
    drawn = seal.draw(sent.getvalue())
    with Image.open(BytesIO(drawn)) as shown:
        assert shown.size == (512, 256) and shown.mode == "RGBA"
        assert shown.getpixel((5, 5)) == (0, 0, 0, 0) and b"secret" not in drawn
    with pytest.raises(ServiceError, match="not_a_picture"):
        seal.draw(b"<svg onload='x'/>")


def test_look_is_served_under_addresses_that_change_with_it(database: Database) -> None:
    media = MediaStore(MemoryStore())
    app = FastAPI()
    app.state.database, app.state.media = database, media
    add_problem_handlers(app, TEXTS)
    app.include_router(create_office_look())
    client = TestClient(app)
    facts = OfficeFacts(name="อบต.", address="", header_colour="#1D3A8A", action_colour="#1d3a8a")
    with database.unit_of_work() as uow:
        office = offices.create_office(uow, OfficeFacts(name="อบต.", address=""), actor="cli")
        assert offices.look_of(office) == offices.Look()
    assert client.get("/office/styles.css").status_code == 404
    assert client.get("/office/seal.png").status_code == 404

    drawn = seal.draw(_picture())
    key = media.put(drawn)
    with database.unit_of_work() as uow:
        office = offices.update_office(uow, facts, actor="admin")
        assert offices.set_seal(uow, key, actor="admin") is None
        look = offices.look_of(office)
    styles, shown = client.get(look.styles), client.get(look.seal)
    assert "--header: #1d3a8a;" in styles.text and "immutable" in styles.headers["cache-control"]
    assert shown.content == drawn and shown.headers["content-type"] == "image/png"
    assert client.get("/office/styles.css?v=old").headers["cache-control"] == "no-cache"

    assert forget_orphans(database, media, [key]) == 0
    assert client.get(look.seal).status_code == 200


def _picture() -> bytes:
    kept = BytesIO()
    Image.new("RGB", (40, 40), "white").save(kept, "PNG")
    return kept.getvalue()
