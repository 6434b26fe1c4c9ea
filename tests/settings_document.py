"""Writes docs/settings.md and .env.example from the settings: `python -m tests.settings_document`."""

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from eservice.kit.settings import Settings
from tests.source import ROOT

MARKDOWN = ROOT / "docs/settings.md"
EXAMPLE = ROOT / ".env.example"

_HEAD = """# Settings

From the environment, or from `.env` in the folder where `app.py` is started; the environment wins. An empty
value means the default. A setting that cannot be used stops the start with one line that says why.

This page and `.env.example` are written by `python -m tests.settings_document`; a test holds them to the code.

| name | default | meaning |
|---|---|---|
"""
_FOOT = """
## What goes together

- `LINE_CHANNEL_SECRET` and `LINE_CHANNEL_ACCESS_TOKEN`: both, or LINE is off.
- `TELEGRAM_BOT_TOKEN` needs `TELEGRAM_WEBHOOK_SECRET`.
- `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`: both, or the machine's own role. Any store that speaks S3 will
  do: `MEDIA_URL=s3://bucket/prefix` with its address in `AWS_ENDPOINT_URL`.
- `APP_ENV=production` refuses to start without a `SECRET_KEY` of at least 32 characters, with a `PUBLIC_URL`
  that does not begin with `https://`, and on a database with demo accounts. It never loads the demo office.
- `BACKUP_DIR` turns the daily backup on; `BACKUP_AT` and `BACKUP_KEEP` say when, and what stays. Put it on another
  disk than `DATA_DIR`: see [operations.md](operations.md#backup).
- `DATABASE_URL` takes `sqlite:///…` and `postgresql://…`; a driver suffix is replaced by the one we ship.
"""
_EXAMPLE_HEAD = "# Copy to .env and set what you need. docs/settings.md explains each.\n"


def markdown() -> str:
    """The whole of docs/settings.md."""
    rows = (
        f"| `{name.upper()}` | {_shown(_default(field), '`')} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    )
    return _HEAD + "".join(rows) + _FOOT


def example() -> str:
    """The whole of .env.example: every setting, commented out, at its default."""
    entries = (
        f"\n# {field.description}\n#{name.upper()}={_default(field)}\n"
        for name, field in Settings.model_fields.items()
    )
    return _EXAMPLE_HEAD + "".join(entries)


def _default(field: FieldInfo) -> str:
    value = field.default
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _shown(text: str, mark: str) -> str:
    return f"{mark}{text}{mark}" if text else "unset"


if __name__ == "__main__":
    MARKDOWN.write_text(markdown(), encoding="utf-8")
    EXAMPLE.write_text(example(), encoding="utf-8")
