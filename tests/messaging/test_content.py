"""The vocabulary: what is stored comes back the same, and what no channel could say cannot be made."""

import json

import pytest
from hypothesis import given, settings

from eservice.messaging.content import (
    MAX_PARTS,
    Bundle,
    Button,
    Card,
    Choices,
    LinkButton,
    Picture,
    Text,
    bundle_from_json,
    bundle_to_json,
    plain_text,
    say,
)
from tests.bot.strategies import bundles


@settings(max_examples=50, deadline=None)
@given(bundles)
def test_a_stored_bundle_comes_back_the_same(bundle: Bundle) -> None:
    assert bundle_from_json(json.loads(json.dumps(bundle_to_json(bundle)))) == bundle


@settings(max_examples=30, deadline=None)
@given(bundles)
def test_every_bundle_can_be_read_as_plain_text(bundle: Bundle) -> None:
    assert plain_text(bundle).strip()


@pytest.mark.parametrize(
    "make",
    [
        lambda: Text(text="  "),
        lambda: Text(text="ก" * 8001),
        lambda: Button(label="x", payload="ไทย"),
        lambda: Button(label="x", payload="a" * 61),
        lambda: Button(label="สอง\nบรรทัด", payload="a"),
        lambda: LinkButton(label="x", url="javascript:alert(1)"),
        lambda: LinkButton(label="x", url="https://ไทย.example"),
        lambda: Picture(url="ftp://x/y.png", alt="รูป"),
        lambda: Choices(prompt="เลือก", options=()),
        lambda: Card(title="", body="x"),
        lambda: Bundle(parts=()),
        lambda: Bundle(parts=(Text(text="x"),) * (MAX_PARTS + 1)),
    ],
)
def test_what_no_channel_could_say_cannot_be_made(make) -> None:
    with pytest.raises(ValueError):
        make()


def test_say_makes_text_of_strings() -> None:
    assert say("สวัสดี", "ค่ะ").parts == (Text(text="สวัสดี"), Text(text="ค่ะ"))
