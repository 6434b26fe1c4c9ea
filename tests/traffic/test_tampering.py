"""A thousand tamperings with the audit and with the traffic log: every one is found."""

import random
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from eservice.kit import audit
from eservice.kit.chain import Chain, ChainHead, Head, examine, verify
from eservice.kit.database import Database, table_of
from eservice.traffic import models as traffic
from tests.traffic.tampering import can_be_stored, fill, tamper

KEY = "secret"


def stored(database: Database, chain: Chain) -> tuple[list[dict[str, Any]], Head]:
    table = table_of(chain.model)
    with database.read() as reader:
        rows = [
            dict(row) for row in reader.session.execute(select(table).order_by(table.c.sequence)).mappings()
        ]
        heads = table_of(ChainHead)
        head = reader.session.execute(select(heads).where(heads.c.name == chain.name)).one()
        return rows, Head(**head._mapping)


@pytest.fixture
def sealed(database: Database) -> Any:
    """Both chains, sealed with a key."""
    before, database.signing_key = database.signing_key, lambda: KEY
    with database.unit_of_work() as uow:
        for name in (audit.CHAIN.name, traffic.CHAIN.name):
            uow.session.execute(delete(ChainHead).where(ChainHead.name == name))
            head = Head(name=name).sealed(KEY)
            uow.session.add(ChainHead(**{key: getattr(head, key) for key in head.__dataclass_fields__}))
    fill(database, 12)
    yield database
    database.signing_key = before


@pytest.mark.parametrize("chain", [audit.CHAIN, traffic.CHAIN], ids=lambda chain: chain.name)
def test_a_thousand_tamperings_are_found(sealed: Database, chain: Chain) -> None:
    rows, head = stored(sealed, chain)
    assert examine(chain, rows, head, KEY).fault is None
    dice = random.Random(2569)
    missed = []
    for _ in range(1_000):
        how, (left, new_head) = tamper(dice, chain, rows, head)
        if (left, new_head) != (rows, head) and examine(chain, left, new_head, KEY).fault is None:
            missed.append(how)
    assert missed == []


@pytest.mark.parametrize("chain", [audit.CHAIN, traffic.CHAIN], ids=lambda chain: chain.name)
def test_tamperings_with_the_tables_themselves_are_found(sealed: Database, chain: Chain) -> None:
    rows, head = stored(sealed, chain)
    with sealed.read() as reader:
        assert verify(reader, chain).fault is None
    dice, tried = random.Random(2570), 0
    while tried < 15:
        how, (left, new_head) = tamper(dice, chain, rows, head)
        if not can_be_stored(table_of(chain.model), left):
            continue
        tried += 1
        with sealed.unit_of_work() as uow:
            uow.session.execute(delete(table_of(chain.model)))
            uow.session.execute(delete(ChainHead).where(ChainHead.name == chain.name))
            if left:
                uow.session.execute(insert(table_of(chain.model)), left)
            if new_head is not None:
                values = {key: getattr(new_head, key) for key in new_head.__dataclass_fields__}
                uow.session.execute(insert(ChainHead).values(**values))
        with sealed.read() as reader:
            assert verify(reader, chain).fault is not None, how
