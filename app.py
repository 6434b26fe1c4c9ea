"""เพื่อนบ้าน: the command line. `python app.py --help` lists the commands; `bot/serving.py` runs the whole.

Each command imports what it needs when it runs, so that a small one is quick. Nothing imports this module
but tests/conftest.py.
"""

import sys

if not (3, 11) <= sys.version_info[:2] < (3, 14):
    sys.exit(
        "เพื่อนบ้านใช้ Python 3.11 ถึง 3.13 / Phueanban runs on Python 3.11 to 3.13, not "
        + ".".join(map(str, sys.version_info[:2]))
    )
if sys.argv[1:] == ["check-python"] and __name__ == "__main__":  # before anything is installed
    sys.exit(0)

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastapi import FastAPI

    from bot.composition import System
    from eservice.kit.database import Database
    from eservice.kit.settings import Settings
    from eservice.operations.doctor import Finding
    from knowledge.entries.live import LiveFaq

INTERRUPTED = 130  # what a shell says of a program that Ctrl+C ended


def main(words: list[str]) -> int:
    """Runs a command. Returns 0 on success, 1 on failure with one clear line; wrong usage exits with 2."""
    from eservice.operations.arguments import parse

    arguments = parse(words)
    try:
        from eservice.kit.logging import configure_logging
        from eservice.kit.settings import Settings
        from eservice.operations.failures import EXPECTED, in_one_line
    except ModuleNotFoundError as missing:
        print(
            f"{missing.name} is not installed; run .venv/bin/pip install -r requirements.txt", file=sys.stderr
        )
        return 1
    try:
        settings = Settings.read()
        configure_logging(settings.log_format, only_faults=arguments.command not in ("serve", "worker"))
        return COMMANDS[arguments.command](settings, arguments)
    except EXPECTED as error:
        print(in_one_line(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


def serve(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`serve`: the portal, chat, API, webhooks and console, and the worker unless told otherwise."""
    from bot import serving

    return serving.serve(
        settings,
        mount_console,
        host=arguments.host,
        port=arguments.port,
        with_worker=not arguments.no_worker,
        with_demo=not arguments.no_demo,
    )


def mount_console(app: "FastAPI", system: "System") -> Path:
    """Mounts the staff console under /admin; returns the folder of its static files."""
    from admin.rooms import ROOMS
    from admin.site import STATIC, create_console

    console = create_console(system.database, system.settings, rooms=ROOMS)
    console.state.faq, console.state.signals = system.faq, system.signals
    console.state.complaints, console.state.media = system.complaints, system.media
    console.state.channel_desk = system.desk
    app.mount("/admin", console)
    return STATIC


def work(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`worker`: the background worker alone."""
    from bot import serving

    serving.work(settings)
    return 0


def migrate(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`migrate`: applies migrations and exits; with `--down-to` takes the schema back to a revision."""
    if arguments.down_to:
        from eservice.operations import schema

        schema.take_back(settings, arguments.down_to, forget_chains=arguments.forget_chains)
        return 0
    _database(settings).dispose()
    return 0


def maintain(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`maintenance`: the page that everybody sees while the office works on its machine."""
    from eservice.operations import maintenance

    print(maintenance.command(settings, arguments.action, getattr(arguments, "value", "")))
    return 0


def doctor(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`doctor`: examines everything that is configured. Returns 1 if something of it does not work."""
    import asyncio

    from bot.channels.line import doctor as line
    from bot.channels.telegram import doctor as telegram
    from eservice.operations.doctor import all_work, examine, told, with_entered_keys

    connected, unread = with_entered_keys(settings)

    async def examine_all() -> "list[Finding]":
        own = asyncio.to_thread(examine, settings)
        parts = await asyncio.gather(own, line.examine(connected), telegram.examine(connected))
        return [*(found for part in parts for found in part), *unread]

    findings = asyncio.run(examine_all())
    print(told(findings, as_json=arguments.json))
    return 0 if all_work(findings) else 1


def set_up_channel(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`channels setup`: tells LINE or Telegram of us."""
    from eservice.messaging.credentials import settings_in_force
    from eservice.messaging.models import ChannelName
    from eservice.operations.connections import on_record
    from eservice.staff.accounts import CLI

    database = _database(settings)
    with database.read() as reader:
        settings = settings_in_force(reader, settings.as_last_served())
    if arguments.channel == "line":
        from bot.channels.line.setup import register as register_line

        with on_record(database, ChannelName.LINE, "set_up", actor=CLI):
            register_line(settings, database)
    else:
        from bot.channels.telegram.setup import register as register_telegram

        with on_record(database, ChannelName.TELEGRAM, "set_up", actor=CLI):
            register_telegram(settings)
    return 0


def manage_office(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`office`: leaves the demo; says what is missing before residents may come, and returns 1 while something is."""
    from eservice.setup import commands

    if arguments.action == "checklist":
        return 0 if commands.check(settings, _database(settings), as_json=arguments.json) else 1
    commands.init(settings, arguments.file, replace_demo=arguments.replace_demo)
    return 0


def create_staff(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`staff create`: an account, and the one-time link for choosing its password."""
    from eservice.staff import commands
    from eservice.staff.models import Role

    roles = [Role(name) for name in arguments.role]
    address = settings.as_last_served().public_url
    commands.create(
        _database(settings), address, arguments.username, roles, arguments.department, arguments.name
    )
    return 0


def link_staff(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`staff link`: a new one-time link for an account."""
    from eservice.staff import commands

    commands.link(_database(settings), settings.as_last_served().public_url, arguments.username)
    return 0


def reset_second_factor(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`staff reset-second-factor`: the way back for a person whose phone and recovery codes are lost."""
    from eservice.staff import commands

    commands.reset_second_factor(_database(settings), arguments.username)
    return 0


def back_up(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`backup DIR` and `backup drill DIR`: a copy of everything while it serves; and whether one is good."""
    from eservice.operations import backup_commands

    if arguments.folder is not None:
        backup_commands.drill(settings, arguments.folder)
    else:
        backup_commands.make(settings, Path(arguments.place), arguments.keep)
    return 0


def restore(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`restore DIR`: a copy put back in place; who was erased since it was made is erased again."""
    from eservice.kit.database import open_database
    from eservice.operations import backup_commands
    from eservice.privacy import commands

    backup = backup_commands.put_back(settings, arguments.folder, replace=arguments.replace)
    if settings.key_fingerprint:  # without the key nobody is known again, and none is made here
        commands.reapply(open_database(settings), settings, backup.absolute().parent)
    return 0


def manage_tokens(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`api-token`: makes, renews, lists and revokes the tokens of partner systems."""
    from eservice.staff import token_commands
    from eservice.staff.models import Role

    database = _database(settings)
    if arguments.action == "create":
        roles = [Role(name) for name in arguments.role]
        token_commands.create(database, arguments.name, roles, arguments.department, arguments.days)
    elif arguments.action == "renew":
        token_commands.renew(database, arguments.name, arguments.days)
    elif arguments.action == "revoke":
        token_commands.revoke(database, arguments.name)
    else:
        token_commands.show(database)
    return 0


def manage_webhooks(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`webhooks`: adds, lists and removes addresses that hear of cases; shows what was sent, and sends again."""
    from eservice.webhooks import commands
    from eservice.webhooks.models import WebhookKind

    database = _database(settings)
    if arguments.action == "add":
        kinds = [WebhookKind(kind) for kind in arguments.kind]
        commands.add(database, settings, arguments.name, arguments.url, kinds)
    elif arguments.action == "remove":
        commands.remove(database, arguments.name)
    elif arguments.action == "log":
        commands.show_log(database, arguments.name)
    elif arguments.action == "resend":
        commands.send_again(database, arguments.message)
    else:
        commands.show(database)
    return 0


def reapply_erasures(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`privacy reapply`: erases again what was erased before, after an older backup was restored."""
    from eservice.privacy import commands

    commands.reapply(_database(settings), settings)
    return 0


def import_faq(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`faq import`: all rows of a file, or none."""
    from knowledge.entries import commands

    commands.import_file(_database(settings), arguments.file, publish=arguments.publish)
    return 0


def export_faq(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`faq export`: every entry in use."""
    from knowledge.entries import commands

    commands.export_file(_database(settings), arguments.file)
    return 0


def ask_faq(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`faq ask`: what the answer engine makes of a question."""
    from knowledge.entries import commands

    commands.ask(_live_faq(settings), arguments.text, as_json=arguments.json)
    return 0


def evaluate_faq(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`faq evaluate`: the answer engine on questions whose answers are known."""
    from knowledge.entries import commands

    commands.evaluate_file(_live_faq(settings), arguments.file)
    return 0


def verify_chains(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`audit verify` and `audit reseal`: whether the audit and the traffic log are whole."""
    from eservice.operations import chains

    if arguments.action == "reseal":
        chains.reseal(_database(settings), settings, arguments.reason)
    else:
        chains.show(_database(settings), settings)
    return 0


def manage_traffic(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`traffic`: orders to keep the log, their end, and what an official takes along."""
    from eservice.traffic import commands

    commands.run(_database(settings), arguments)
    return 0


def _database(settings: "Settings") -> "Database":
    """The database with today's schema, as every command but `doctor` leaves it."""
    from eservice.kit.database import open_database
    from eservice.kit.migrate import migrate as apply_migrations

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(settings)
    apply_migrations(database)
    return database


def _live_faq(settings: "Settings") -> "LiveFaq":
    from knowledge.entries.live import LiveFaq

    return LiveFaq(_database(settings), settings.data_dir / "index")


COMMANDS: "dict[str, Callable[[Settings, argparse.Namespace], int]]" = {
    "serve": serve,
    "worker": work,
    "migrate": migrate,
    "doctor": doctor,
    "maintenance": maintain,
    "channels setup": set_up_channel,
    "office": manage_office,
    "staff create": create_staff,
    "staff link": link_staff,
    "staff reset-second-factor": reset_second_factor,
    "api-token": manage_tokens,
    "webhooks": manage_webhooks,
    "backup": back_up,
    "restore": restore,
    "faq import": import_faq,
    "faq export": export_faq,
    "faq ask": ask_faq,
    "faq evaluate": evaluate_faq,
    "audit": verify_chains,
    "traffic": manage_traffic,
    "privacy": reapply_erasures,
    "check-python": lambda settings, arguments: 0,
}
"""What runs, by the words that name it in `eservice.operations.arguments`."""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
