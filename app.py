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
    from fastapi import FastAPI

    from bot.composition import System
    from eservice.kit.database import Database
    from eservice.kit.settings import Settings
    from eservice.operations.doctor import Finding
    from knowledge.entries.live import LiveFaq

# The names as typed, without the imports of Role, WebhookKind and FileKind, which say them in the code.
ROLES = ("author", "approver", "publisher", "checker", "responder", "administrator", "log-custodian")
TOKEN_ROLES = ("responder", "checker")
WEBHOOK_KINDS = ("case.filed", "case.changed", "case.commented")
FAQ_FILES = (".jsonl", ".csv", ".xlsx")
INTERRUPTED = 130  # what a shell says of a program that Ctrl+C ended


def main(words: list[str]) -> int:
    """Runs a command. Returns 0 on success, 1 on failure with one clear line; wrong usage exits with 2."""
    arguments = _arguments(words)
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
        configure_logging(settings.log_format, only_faults=arguments.run not in (serve, work))
        return arguments.run(settings, arguments)
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
    app.mount("/admin", console)
    return STATIC


def work(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`worker`: the background worker alone."""
    from bot import serving

    serving.work(settings)
    return 0


def migrate(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`migrate`: applies migrations and exits."""
    _database(settings).dispose()
    return 0


def doctor(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`doctor`: examines everything that is configured. Returns 1 if something of it does not work."""
    import asyncio

    from bot.channels.line import doctor as line
    from bot.channels.telegram import doctor as telegram
    from eservice.operations.doctor import all_work, examine, told

    async def examine_all() -> "list[Finding]":
        own = asyncio.to_thread(examine, settings)
        parts = await asyncio.gather(own, line.examine(settings), telegram.examine(settings))
        return [found for part in parts for found in part]

    findings = asyncio.run(examine_all())
    print(told(findings, as_json=arguments.json))
    return 0 if all_work(findings) else 1


def set_up_channel(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`channels setup`: tells LINE or Telegram of us."""
    if arguments.channel == "line":
        from bot.channels.line.setup import register as register_line

        register_line(settings, _database(settings))
    else:
        from bot.channels.telegram.setup import register as register_telegram

        register_telegram(settings)
    return 0


def create_staff(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`staff create`: an account, and the one-time link for choosing its password."""
    from eservice.staff import commands
    from eservice.staff.models import Role

    roles = [Role(name) for name in arguments.role]
    address = settings.as_last_served().public_url
    commands.create(_database(settings), address, arguments.username, roles, arguments.department)
    return 0


def link_staff(settings: "Settings", arguments: argparse.Namespace) -> int:
    """`staff link`: a new one-time link for an account."""
    from eservice.staff import commands

    commands.link(_database(settings), settings.as_last_served().public_url, arguments.username)
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


def _database(settings: "Settings") -> "Database":
    """The database with today's schema, as every command but `doctor` leaves it."""
    from eservice.kit.database import Database
    from eservice.kit.migrate import migrate as apply_migrations

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(settings.database_address)
    apply_migrations(database)
    return database


def _live_faq(settings: "Settings") -> "LiveFaq":
    from knowledge.entries.live import LiveFaq

    return LiveFaq(_database(settings), settings.data_dir / "index")


def _arguments(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="app.py", description="เพื่อนบ้าน: บริการประชาชนของ อบต. และเทศบาล")
    _add_serving(parser)
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_serving(commands.add_parser("serve", help="serve everything (the default)"))
    commands.add_parser("worker", help="the background worker alone").set_defaults(run=work)
    commands.add_parser("migrate", help="apply migrations and exit").set_defaults(run=migrate)
    examination = commands.add_parser("doctor", help="say what does not work, and what to do")
    examination.add_argument("--json", action="store_true", help="for programs")
    examination.set_defaults(run=doctor)
    _add_channels(commands.add_parser("channels", help="setup line|telegram: webhook, menus, commands"))
    _add_staff(commands.add_parser("staff", help="create and link: accounts and their one-time links"))
    _add_tokens(commands.add_parser("api-token", help="create, renew, list, revoke: partners' ways in"))
    _add_webhooks(commands.add_parser("webhooks", help="add, list, remove, log, resend: news for partners"))
    _add_privacy(commands.add_parser("privacy", help="reapply: erase again after a restore"))
    _add_faq(commands.add_parser("faq", help="import, export, ask and evaluate"))
    commands.add_parser("check-python", help="exit 0 when this Python is supported").set_defaults(
        run=lambda settings, arguments: 0
    )
    return parser.parse_args(words)


def _add_serving(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--no-worker", action="store_true", help="leave the background work to `worker`")
    parser.add_argument("--no-demo", action="store_true", help="do not load the demo office")
    parser.set_defaults(run=serve)


def _add_channels(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    setup = commands.add_parser("setup", help="register webhook, menu and commands")
    setup.add_argument("channel", choices=("line", "telegram"))
    setup.set_defaults(run=set_up_channel)


def _add_staff(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    create = commands.add_parser("create", help="make an account; prints a one-time link")
    create.add_argument("username")
    create.add_argument(
        "--role",
        nargs="+",
        action="extend",
        required=True,
        choices=ROLES,
        metavar="ROLE",
        help=", ".join(ROLES),
    )
    create.add_argument(
        "--department", metavar="D", help="where the roles hold; without it, the whole office"
    )
    create.set_defaults(run=create_staff)
    link = commands.add_parser("link", help="a new one-time link for an account")
    link.add_argument("username")
    link.set_defaults(run=link_staff)


def _add_tokens(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=manage_tokens)
    commands = parser.add_subparsers(metavar="COMMAND", dest="action", required=True)
    create = commands.add_parser("create", help="a token for another system; prints it once")
    renew = commands.add_parser("renew", help="a new token in place of the old one")
    commands.add_parser("list", help="which systems have tokens")
    revoke = commands.add_parser("revoke", help="the token opens nothing any more")
    for command in (create, renew, revoke):
        command.add_argument("name")
    for command in (create, renew):
        command.add_argument("--days", type=int, required=True, metavar="N", help="how long it lives, 1–730")
    several = {"nargs": "+", "action": "extend", "required": True, "choices": TOKEN_ROLES}
    create.add_argument("--role", **several, metavar="ROLE", help=", ".join(TOKEN_ROLES))
    create.add_argument("--department", metavar="D", help="where the roles hold; without it, everywhere")


def _add_webhooks(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=manage_webhooks)
    commands = parser.add_subparsers(metavar="COMMAND", dest="action", required=True)
    add = commands.add_parser("add", help="an address that hears of cases; prints its secret")
    commands.add_parser("list", help="every address")
    remove = commands.add_parser("remove", help="nothing goes there any more")
    log = commands.add_parser("log", help="what was sent there, and what came of it")
    resend = commands.add_parser("resend", help="send again what was given up")
    for command in (add, remove, log):
        command.add_argument("name")
    add.add_argument("url", help="https://…")
    several = {"nargs": "+", "action": "extend", "default": [], "choices": WEBHOOK_KINDS}
    add.add_argument(
        "--kind", **several, metavar="KIND", help=f"{', '.join(WEBHOOK_KINDS)}; without it, all of them"
    )
    resend.add_argument("message", help="its webhook-id, as the log shows it")


def _add_privacy(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    again = commands.add_parser("reapply", help="erase again what was erased before the backup came back")
    again.set_defaults(run=reapply_erasures)


def _add_faq(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    taking = commands.add_parser("import", help="take in a JSONL, CSV or XLSX file: all rows or none")
    taking.add_argument("file", type=_faq_file)
    taking.add_argument("--publish", action="store_true", help="put the rows before residents at once")
    taking.set_defaults(run=import_faq)
    giving = commands.add_parser("export", help="write every entry in use to a JSONL, CSV or XLSX file")
    giving.add_argument("file", type=_faq_file)
    giving.set_defaults(run=export_faq)
    asking = commands.add_parser("ask", help="what the answer engine makes of a question, and why")
    asking.add_argument("text")
    asking.add_argument("--json", action="store_true", help="for programs")
    asking.set_defaults(run=ask_faq)
    measuring = commands.add_parser(
        "evaluate", help="measure the answer engine on questions with known answers"
    )
    measuring.add_argument(
        "file", type=Path, help='JSON lines of {"text": …, "expected": ["id", …]}, or .csv, .xlsx, .txt'
    )
    measuring.set_defaults(run=evaluate_faq)


def _port(word: str) -> int:
    port = int(word)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _faq_file(word: str) -> Path:
    path = Path(word)
    if path.suffix.lower() not in FAQ_FILES:
        raise argparse.ArgumentTypeError(f"{word}: ใช้ได้เฉพาะ / only {' '.join(FAQ_FILES)}")
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
