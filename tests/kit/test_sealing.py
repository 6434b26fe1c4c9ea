"""Secrets at rest."""

import pytest

from eservice.kit.errors import ServiceError
from eservice.kit.sealing import Sealer

KEY, FORMER = "k" * 32, "f" * 32


def test_a_sealed_text_opens_again_and_shows_nothing_of_itself():
    sealer = Sealer([KEY], "seed")
    sealed = sealer.seal("ความลับ")
    assert sealer.open(sealed) == "ความลับ" and sealer.seal("ความลับ") != sealed
    assert sealed.isascii()


@pytest.mark.parametrize("sealer", [Sealer([FORMER], "seed"), Sealer([KEY], "token")], ids=["key", "purpose"])
def test_another_key_or_purpose_opens_nothing(sealer: Sealer):
    with pytest.raises(ServiceError, match=r"secrets\.other_key"):
        sealer.open(Sealer([KEY], "seed").seal("x"))


@pytest.mark.parametrize("nonsense", ["", "ไทย", "gAAAA"])
def test_nonsense_opens_nothing(nonsense: str):
    with pytest.raises(ServiceError, match=r"secrets\.other_key"):
        Sealer([KEY], "seed").open(nonsense)


def test_a_former_key_opens_and_what_is_renewed_needs_it_no_more():
    old = Sealer([FORMER], "seed").seal("x")
    both = Sealer([KEY, FORMER], "seed")
    assert both.open(old) == "x"
    assert Sealer([KEY], "seed").open(both.renew(old)) == "x"
