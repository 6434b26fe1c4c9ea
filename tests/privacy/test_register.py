"""The register of personal data knows every table and every column, and nothing else."""

import pytest

import eservice.tables
from eservice.kit.database import Base
from eservice.privacy import register, retention

assert eservice.tables.ALL_MODELS
TABLES = Base.metadata.tables


def test_every_table_stands_in_the_register_and_no_other() -> None:
    assert {table.name for table in register.register()} == TABLES.keys()
    reasons = {id(table.purpose): table.purpose.why for table in register.register() if table.purpose}
    assert len(set(reasons.values())) == len(reasons), "the page shows one purpose under each reason"


@pytest.mark.parametrize("table", register.register(), ids=lambda table: table.name)
def test_each_column_is_personal_or_plain_or_the_table_says_why_it_holds_nothing(
    table: register.Registered,
) -> None:
    columns = {column.name for column in TABLES[table.name].columns}
    if table.purpose is None:
        assert table.nothing and not table.personal and not table.plain
        return
    assert table.personal and not table.personal.keys() & table.plain
    assert table.personal.keys() | table.plain == columns
    assert table.stays.keys() <= table.personal.keys()
    purpose = table.purpose
    assert purpose.retention in {"", *(each.name for each in retention.CLASSES)}
    assert sum(map(bool, (purpose.retention, purpose.most_days, purpose.law))) == 1, "one rule says how long"


def test_the_export_is_no_formula_and_says_how_long() -> None:
    days = {each.name: each.days for each in retention.CLASSES}
    lines = register.rows(days, "{days} วัน")
    kept = {line[0]: line[7] for line in lines}
    assert (kept["contacts.address"], kept["messages.text"]) == ("730 วัน", "365 วัน")
    assert "งานสารบรรณ" in kept["complaints.assignee_id"]
    text = register.as_csv(["=1+1"], lines).decode("utf-8-sig")
    assert text.startswith("'=1+1") and "LINE" in text
    sheet = register.Sheet(title="ก", header=["ก"], lines=lines)
    assert register.as_xlsx([sheet, register.Sheet(title="ข", header=["=1"], lines=[])]).startswith(b"PK")
