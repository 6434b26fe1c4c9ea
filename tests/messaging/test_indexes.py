"""The looks that every message costs stay cheap as the tables grow: none of them reads a whole table."""

import pytest
from sqlalchemy import event

from bot.channels.webchat import sessions
from eservice.kit.errors import ServiceError
from eservice.messaging.models import ChannelName
from tests.chat import Village


@pytest.mark.parametrize("channel", [ChannelName.LINE, ChannelName.TELEGRAM, ChannelName.WEB])
def test_working_on_a_message_reads_no_whole_table(village: Village, channel: ChannelName) -> None:
    if not village.database.is_sqlite:
        pytest.skip("PostgreSQL plans by the size of a table, and these are small")
    statements: list[tuple[str, object]] = []

    def note(connection, cursor, statement, parameters, context, many) -> None:
        statements.append((statement, parameters))

    somchai = village.resident(channel)
    somchai.says("เมนู")
    event.listen(village.database.engine, "before_cursor_execute", note)
    try:
        somchai.says("อัตราภาษีป้าย")
        somchai.says("เมนู")
        with village.database.read() as reader, pytest.raises(ServiceError):
            sessions.find(reader, f"Bearer {'a' * 43}")
    finally:
        event.remove(village.database.engine, "before_cursor_execute", note)
    whole: list[str] = []
    with village.database.read() as reader:
        for statement, parameters in statements:
            if statement.startswith(("SELECT", "UPDATE")) and "channel_states" not in statement:
                cursor = reader.session.connection().connection.cursor()
                cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
                whole += [
                    f"{row[3]}: {statement}"
                    for row in cursor
                    if row[3].startswith("SCAN") and "CONSTANT" not in row[3] and "(" not in row[3]
                ]
    assert statements
    assert whole == []
