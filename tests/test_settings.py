"""Settings: what is refused, what follows from what, and that the written page is current."""

import stat
from pathlib import Path

import pytest
from pydantic import ValidationError

from eservice.kit.settings import Settings
from tests.settings_document import EXAMPLE, MARKDOWN, example, markdown

KEY = "k" * 32


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing set, no `.env` in the folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def given(**values: object) -> Settings:
    """Settings as code would hand them over."""
    return Settings.model_validate(values)


def test_the_page_and_the_example_are_current() -> None:
    assert MARKDOWN.read_text(encoding="utf-8") == markdown()
    assert EXAMPLE.read_text(encoding="utf-8") == example()


def test_every_setting_has_a_meaning() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_nothing_set_is_a_local_office_with_both_channels_off(tmp_path: Path) -> None:
    settings = given(data_dir=tmp_path)
    assert settings.app_env == "local"
    assert not settings.line_enabled and not settings.telegram_enabled and not settings.is_https
    assert settings.database_address == f"sqlite:///{tmp_path / 'phueanban.db'}"


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PUBLIC_URL=https://file.example.go.th\nLOG_FORMAT=json\nOTHER=1\n")
    monkeypatch.setenv("PUBLIC_URL", "https://environment.example.go.th/")
    settings = Settings.read()
    assert settings.public_url == "https://environment.example.go.th"
    assert settings.log_format == "json"


def test_an_empty_value_means_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_FORMAT", "")
    assert Settings.read().log_format == "text"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8137"),
        ("0.0.0.0", "http://127.0.0.1:8137"),
        ("::", "http://127.0.0.1:8137"),
        ("::1", "http://[::1]:8137"),
        ("abt.local", "http://abt.local:8137"),
    ],
)
def test_links_lead_to_where_it_is_served_unless_the_office_has_an_address(host: str, address: str) -> None:
    assert given().served_at(host, 8137).public_url == address
    office = given(public_url="https://abt.example.go.th")
    assert office.served_at(host, 8137).public_url == "https://abt.example.go.th"


@pytest.mark.parametrize(
    ("given_url", "used"),
    [
        ("postgresql://office@db/phueanban", "postgresql+psycopg://office@db/phueanban"),
        ("postgres://office@db/phueanban", "postgresql+psycopg://office@db/phueanban"),
        ("postgresql+asyncpg://office@db/phueanban", "postgresql+psycopg://office@db/phueanban"),
        ("sqlite+aiosqlite:///x.db", "sqlite:///x.db"),
    ],
)
def test_the_driver_is_ours(given_url: str, used: str) -> None:
    assert given(database_url=given_url).database_address == used


def test_another_database_is_refused() -> None:
    with pytest.raises(ValueError, match="DATABASE_URL"):
        _ = given(database_url="mysql://office@db/phueanban").database_address


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"telegram_bot_token": "1:a"}, "TELEGRAM_WEBHOOK_SECRET"),
        ({"line_channel_secret": "a"}, "LINE_CHANNEL_ACCESS_TOKEN"),
        ({"line_channel_access_token": "a"}, "LINE_CHANNEL_SECRET"),
        ({"app_env": "production", "public_url": "https://x.go.th"}, "SECRET_KEY"),
        ({"app_env": "production", "public_url": "https://x.go.th", "secret_key": "short"}, "SECRET_KEY"),
        ({"app_env": "production", "public_url": "http://x.go.th", "secret_key": KEY}, "PUBLIC_URL"),
        ({"app_env": "staging"}, "app_env"),
        ({"media_url": "/srv/media"}, "MEDIA_URL"),
        ({"media_url": "s3:///prefix"}, "MEDIA_URL"),
        ({"media_url": "ftp://host/media"}, "MEDIA_URL"),
        ({"aws_access_key_id": "a"}, "AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_unsafe_settings_are_refused_by_name(values: dict[str, str], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        given(**values)


def test_production_starts_with_a_key_and_https() -> None:
    settings = given(app_env="production", public_url="https://x.go.th", secret_key=KEY)
    assert settings.signing_key == KEY and settings.is_https


def test_a_local_key_is_made_once_and_is_nobody_elses(tmp_path: Path) -> None:
    made = given(data_dir=tmp_path / "data").signing_key
    assert len(made) >= 32
    assert given(data_dir=tmp_path / "data").signing_key == made
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600


def test_secrets_do_not_show_when_settings_are_printed() -> None:
    settings = given(secret_key=KEY, telegram_bot_token="1:secret-token", telegram_webhook_secret="hook")
    assert KEY not in repr(settings) and "secret-token" not in repr(settings)
