"""`doctor` examines what was entered in the console: keys as it does those of the environment, sealed numbers."""

from pathlib import Path

import pytest

from eservice.kit.database import Database
from eservice.kit.settings import Settings
from eservice.messaging import credentials
from eservice.messaging.models import ChannelName
from eservice.privacy import national_ids
from eservice.privacy.models import PrivacyRequest, RequestKind, RequestState
from tests.bot.line.fake_line import FakeLine
from tests.commands import Run, data_dir, run
from tests.test_doctor import examined, line, office

__all__ = ["data_dir", "line", "office", "run"]


def test_keys_entered_in_the_console_are_examined_too(
    run: Run, office: Database, line: FakeLine, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LINE_CHANNEL_ACCESS_TOKEN")
    monkeypatch.delenv("LINE_CHANNEL_SECRET")
    assert examined(run, "line")[0] == "off"
    monkeypatch.setenv("SECRET_KEY", "k" * 40)
    with office.unit_of_work() as uow:
        credentials.save(
            uow, Settings.read(), ChannelName.LINE, token="entered", secret="entered", actor="somsri"
        )  # fmt: skip
    assert examined(run, "line_token")[0] == "ok"
    assert line.calls[-1].headers["Authorization"] == "Bearer entered"
    monkeypatch.setenv("SECRET_KEY", "o" * 40)
    verdict, words = examined(run, "channel_keys")
    assert verdict == "failed" and "SECRET_KEY" in words


def test_national_ids_that_no_key_opens_are_told_of(
    run: Run, office: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "k" * 40)
    with office.unit_of_work() as uow:
        asked = PrivacyRequest(
            kind=RequestKind.COPY, state=RequestState.OPEN, asked_at=uow.now, due_at=uow.now
        )
        uow.session.add(asked)
        uow.session.flush()
        sealer = Settings.read().sealer(national_ids.PURPOSE)
        national_ids.seal(uow, asked.id, "1101700203450", by="somsri", sealer=sealer)
    assert examined(run, "national_ids")[0] == "ok"
    monkeypatch.setenv("SECRET_KEY", "o" * 40)
    verdict, words = examined(run, "national_ids")
    assert verdict == "failed" and "SECRET_KEY_PREVIOUS" in words
