"""Settings from the environment and `.env`, as `docs/settings.md` lists them."""

import re
import secrets
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from eservice.kit.sealing import Sealer

MOST_COPY_DAYS = 90
"""In so many days what people have erased is gone from every copy too (PDPA, notification on erasure)."""


class Settings(BaseSettings):
    """What an office sets. Every field is an environment variable of the same name in capitals."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: str = Field("", description="SQLite below DATA_DIR when empty, or postgresql://…")
    data_dir: Path = Field(Path("./data"), description="database, media and generated secrets")
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="used in links, webhooks and QR codes; unset, the address that `serve` listens on, or last did",
    )
    app_env: Literal["local", "production"] = Field("local", description="production refuses unsafe settings")
    secret_key: SecretStr = Field(SecretStr(""), description="signing and encryption root, ≥ 32 characters")
    secret_key_previous: SecretStr = Field(
        SecretStr(""), description="the former SECRET_KEY, which still opens what it sealed"
    )
    line_channel_secret: SecretStr = Field(SecretStr(""), description="LINE is off when unset")
    line_channel_access_token: SecretStr = Field(SecretStr(""), description="LINE is off when unset")
    line_api_base: str = Field("https://api.line.me", description="for tests against a simulator")
    line_data_api_base: str = Field("https://api-data.line.me", description="for tests against a simulator")
    telegram_bot_token: SecretStr = Field(SecretStr(""), description="Telegram is off when unset")
    telegram_webhook_secret: SecretStr = Field(SecretStr(""), description="required with a Telegram token")
    telegram_api_base: str = Field(
        "https://api.telegram.org/bot", description="python-telegram-bot's base_url"
    )
    media_url: str = Field(
        "", description="photos: the folder media below DATA_DIR when empty, file:///… or s3://bucket/prefix"
    )
    aws_access_key_id: SecretStr = Field(
        SecretStr(""), description="for s3://; unset, the machine's own role"
    )
    aws_secret_access_key: SecretStr = Field(SecretStr(""), description="for s3://")
    aws_region: str = Field("", description="for s3://, e.g. ap-southeast-7")
    aws_endpoint_url: str = Field(
        "", description="for s3:// elsewhere than at AWS, e.g. http://127.0.0.1:9000"
    )
    backup_dir: str = Field(
        "", description="where the worker keeps a backup a day; on another disk; unset, none is made"
    )
    backup_at: str = Field("02:30", description="when, Thai time; a missed one is made after the next start")
    backup_keep: str = Field(
        "14+8",
        description="days + weeks: the last of each of the last 14 days and 8 weeks; or a plain number; at most 90 days",
    )
    min_free_mb: int = Field(
        200, ge=0, description="with less room on the disk nothing new is taken in (503), reading goes on"
    )
    log_format: Literal["text", "json"] = Field("text", description="how logs are written")
    traffic_log_days: int = Field(
        90, ge=90, le=730, description="how long who reached the service is kept; the law asks for 90 days"
    )
    trusted_proxies: str = Field(
        "", description="addresses whose forwarded headers are believed, with commas"
    )

    @classmethod
    def read(cls) -> "Settings":
        """Reads environment and `.env`. Raises pydantic.ValidationError for what cannot be used."""
        return cls()  # pyright: ignore[reportCallIssue] - the values come from the environment

    def served_at(self, host: str, port: int) -> "Settings":
        """The same, with links to this address unless the office has set PUBLIC_URL."""
        if "public_url" in self.model_fields_set:
            return self
        return self.model_copy(update={"public_url": local_address(host, port)})

    def note_served(self) -> None:
        """Writes the address of this process into DATA_DIR, for the commands beside it."""
        self._served_file.write_text(self.public_url, encoding="utf-8")

    def as_last_served(self) -> "Settings":
        """The same, with links to where `serve` last listened unless the office has set PUBLIC_URL."""
        if "public_url" in self.model_fields_set or not self._served_file.exists():
            return self
        return self.model_copy(update={"public_url": self._served_file.read_text(encoding="utf-8")})

    @property
    def _served_file(self) -> Path:
        return self.data_dir / "served_at"

    @field_validator("public_url", "line_api_base", "line_data_api_base", "aws_endpoint_url")
    @classmethod
    def _without_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("backup_at")
    @classmethod
    def _is_a_time(cls, value: str) -> str:
        if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
            raise ValueError("BACKUP_AT is a time of the day, e.g. 02:30")
        return value

    @field_validator("backup_keep")
    @classmethod
    def _keeps_some(cls, value: str) -> str:
        if not re.fullmatch(r"[1-9]\d{0,2}(\+\d{1,3})?", value):
            raise ValueError("BACKUP_KEEP is days + weeks, e.g. 14+8, or a number of backups, e.g. 10")
        if copy_days(value) > MOST_COPY_DAYS:
            raise ValueError(
                f"BACKUP_KEEP would keep copies for {copy_days(value)} days; what people have erased must be gone"
                f" from every copy within {MOST_COPY_DAYS} days (PDPA). At most 90+12, or 90"
            )
        return value

    @field_validator("media_url")
    @classmethod
    def _names_a_store(cls, value: str) -> str:
        address = urlsplit(value)
        is_place = (address.scheme == "s3" and address.netloc) or (address.scheme == "file" and address.path)
        if value and not is_place:
            raise ValueError("MEDIA_URL names a folder, file:///…, or a bucket, s3://bucket/prefix")
        return value

    @model_validator(mode="after")
    def _is_safe(self) -> "Settings":
        if self.telegram_bot_token.get_secret_value() and not self.telegram_webhook_secret.get_secret_value():
            raise ValueError("TELEGRAM_BOT_TOKEN is set without TELEGRAM_WEBHOOK_SECRET")
        if bool(self.line_channel_secret.get_secret_value()) != bool(
            self.line_channel_access_token.get_secret_value()
        ):
            raise ValueError("LINE_CHANNEL_SECRET and LINE_CHANNEL_ACCESS_TOKEN go together")
        if bool(self.aws_access_key_id.get_secret_value()) != bool(
            self.aws_secret_access_key.get_secret_value()
        ):
            raise ValueError("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY go together")
        if self.app_env == "production":
            if len(self.secret_key.get_secret_value()) < 32:
                raise ValueError("APP_ENV=production needs SECRET_KEY of at least 32 characters")
            if not self.public_url.startswith("https://"):
                raise ValueError("APP_ENV=production needs PUBLIC_URL to begin with https://")
        return self

    @cached_property
    def database_address(self) -> str:
        """The SQLAlchemy URL, with the driver that we ship. Raises ValueError for another database."""
        url = self.database_url or f"sqlite:///{self.data_dir / 'phueanban.db'}"
        scheme, separator, rest = url.partition("://")
        family = scheme.split("+")[0]
        if family in ("postgres", "postgresql"):
            return f"postgresql+psycopg{separator}{rest}"
        if family == "sqlite":
            return f"sqlite{separator}{rest}"
        raise ValueError("DATABASE_URL names sqlite or postgresql")

    @property
    def backup_folder(self) -> Path | None:
        """Where the daily backups go, or None."""
        return Path(self.backup_dir) if self.backup_dir else None

    @property
    def key_fingerprint(self) -> str:
        """Tells one signing key from another and gives none away; empty while there is none. Makes none."""
        path = self.data_dir / "secret_key"
        key = self.secret_key.get_secret_value() or (path.read_text().strip() if path.exists() else "")
        return sha256(f"phueanban fingerprint {key}".encode()).hexdigest()[:16] if key else ""

    @cached_property
    def signing_key(self) -> str:
        """SECRET_KEY, or one generated into DATA_DIR for a local run."""
        if key := self.secret_key.get_secret_value():
            return key
        path = self.data_dir / "secret_key"
        if not path.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text().strip()

    @property
    def line_enabled(self) -> bool:
        """Whether the office has given LINE's token and secret."""
        return bool(self.line_channel_access_token.get_secret_value())

    def sealer(self, purpose: str) -> Sealer:
        """What seals and opens secrets at rest for this purpose."""
        former = self.secret_key_previous.get_secret_value()
        return Sealer([self.signing_key, *([former] if former else [])], purpose)

    @property
    def telegram_enabled(self) -> bool:
        """Whether the office has given Telegram's token."""
        return bool(self.telegram_bot_token.get_secret_value())

    @property
    def is_https(self) -> bool:
        """Whether residents reach us over HTTPS (cookies are then marked secure)."""
        return self.public_url.startswith("https://")


def copy_days(backup_keep: str) -> int:
    """How old, in days, the oldest copy gets that BACKUP_KEEP keeps when a backup is made every day."""
    days, _, weeks = backup_keep.partition("+")
    return max(int(days), 7 * int(weeks or 0))


def local_address(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens on this host and port."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - shown, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def faults_in_one_line(error: ValidationError) -> str:
    """What cannot be used, each by the name of its variable; never the value, which may be a secret."""
    faults = []
    for fault in error.errors(include_input=False):
        names = [str(part).upper() for part in fault["loc"][:1]]  # none: the message itself names variables
        faults.append(": ".join([*names, fault["msg"].removeprefix("Value error, ")]))
    return "; ".join(faults)
