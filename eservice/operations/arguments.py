"""The words of every command. Imports nothing but the standard library, so that every command starts quickly."""

from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace, _SubParsersAction
from datetime import date
from pathlib import Path

# The names as typed, without the imports of Role, WebhookKind and FileKind, which say them in the code.
ROLES = ("author", "approver", "publisher", "checker", "responder", "administrator", "log-custodian")
TOKEN_ROLES = ("responder", "checker")
WEBHOOK_KINDS = ("case.filed", "case.changed", "case.commented")
FAQ_FILES = (".jsonl", ".csv", ".xlsx")
YEARS = range(2000, 2200)  # a year of the Buddhist era is a slip


def parse(words: list[str]) -> Namespace:
    """The words as `app.COMMANDS` takes them, `command` among them. Wrong usage ends the program with 2."""
    parser = create_parser()
    arguments = parser.parse_args(words)
    if arguments.command == "backup" and (arguments.folder is None) == (arguments.place == "drill"):
        parser.error("backup DIR, or backup drill DIR")
    return arguments


def create_parser() -> ArgumentParser:
    """Every command with its own words."""
    parser = ArgumentParser(prog="app.py", description="เพื่อนบ้าน: บริการประชาชนของ อบต. และเทศบาล")
    _add_serving(parser)
    commands = parser.add_subparsers(metavar="COMMAND")
    _add_serving(commands.add_parser("serve", help="serve everything (the default)"))
    commands.add_parser("worker", help="the background worker alone").set_defaults(command="worker")
    migration = commands.add_parser("migrate", help="apply migrations and exit")
    migration.add_argument(
        "--down-to", metavar="REVISION", help="take the schema back, before an older version"
    )
    migration.add_argument(
        "--forget-chains",
        action="store_true",
        help="also where that ends the proof that the records are whole",
    )
    migration.set_defaults(command="migrate")
    examination = commands.add_parser("doctor", help="say what does not work, and what to do")
    examination.add_argument("--json", action="store_true", help="for programs")
    examination.set_defaults(command="doctor")
    _add_maintenance(commands.add_parser("maintenance", help="on, off, page: close for a while, and say so"))
    _add_channels(commands.add_parser("channels", help="setup line|telegram: webhook, menus, commands"))
    _add_office(commands.add_parser("office", help="init, checklist: leave the demo, and what is missing"))
    _add_staff(commands.add_parser("staff", help="create, link, reset-second-factor: accounts"))
    _add_tokens(commands.add_parser("api-token", help="create, renew, list, revoke: partners' ways in"))
    _add_webhooks(commands.add_parser("webhooks", help="add, list, remove, log, resend: news for partners"))
    _add_audit(commands.add_parser("audit", help="verify, reseal: who did what, and that it is whole"))
    _add_traffic(commands.add_parser("traffic", help="hold, release, export, verify-export: who reached us"))
    _add_privacy(commands.add_parser("privacy", help="reapply: erase again after a restore"))
    _add_backup(commands)
    _add_faq(commands.add_parser("faq", help="import, export, ask and evaluate"))
    commands.add_parser("check-python", help="exit 0 when this Python is supported").set_defaults(
        command="check-python"
    )
    return parser


def _add_serving(parser: ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=_port, default=8000)
    parser.add_argument("--no-worker", action="store_true", help="leave the background work to `worker`")
    parser.add_argument("--no-demo", action="store_true", help="do not load the demo office")
    parser.set_defaults(command="serve")


def _add_maintenance(parser: ArgumentParser) -> None:
    parser.set_defaults(command="maintenance")
    commands = parser.add_subparsers(metavar="COMMAND", dest="action", required=True)
    on = commands.add_parser("on", help="everybody sees the maintenance page")
    on.add_argument("--until", dest="value", default="", metavar="WORDS", help="when it will be over")
    commands.add_parser("off", help="open again")
    page = commands.add_parser("page", help="write the page to a file, for a reverse proxy")
    page.add_argument("value", metavar="FILE")


def _add_channels(parser: ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    setup = commands.add_parser("setup", help="register webhook, menu and commands")
    setup.add_argument("channel", choices=("line", "telegram"))
    setup.set_defaults(command="channels setup")


def _add_office(parser: ArgumentParser) -> None:
    parser.set_defaults(command="office")
    commands = parser.add_subparsers(metavar="COMMAND", dest="action", required=True)
    init = commands.add_parser("init", help="an office of your own, asked one by one or from a file")
    init.add_argument("file", type=Path, nargs="?", help="TOML, like docs/office.example.toml")
    init.add_argument("--replace-demo", action="store_true", help="move nothing but a demo aside first")
    checking = commands.add_parser("checklist", help="what is missing before residents may come")
    checking.add_argument("--json", action="store_true", help="for programs")


def _add_staff(parser: ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    create = commands.add_parser("create", help="make an account; prints a one-time link")
    create.add_argument("username")
    several = {"nargs": "+", "action": "extend", "required": True, "choices": ROLES}
    create.add_argument("--role", **several, metavar="ROLE", help=", ".join(ROLES))
    create.add_argument("--department", metavar="D", help="where the roles hold; without it, everywhere")
    create.add_argument("--name", metavar="N", help="as people see it; without it, the user name")
    create.set_defaults(command="staff create")
    link = commands.add_parser("link", help="a new one-time link for an account")
    link.add_argument("username")
    link.set_defaults(command="staff link")
    reset = commands.add_parser("reset-second-factor", help="for a person whose phone and codes are lost")
    reset.add_argument("username")
    reset.set_defaults(command="staff reset-second-factor")


def _add_tokens(parser: ArgumentParser) -> None:
    parser.set_defaults(command="api-token")
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


def _add_webhooks(parser: ArgumentParser) -> None:
    parser.set_defaults(command="webhooks")
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


def _add_privacy(parser: ArgumentParser) -> None:
    parser.set_defaults(command="privacy")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    commands.add_parser("reapply", help="erase again what was erased before the backup came back")


def _add_backup(commands: "_SubParsersAction[ArgumentParser]") -> None:
    backup = commands.add_parser("backup", help="copy database and media while serving; drill: try one out")
    backup.add_argument("place", metavar="[drill] DIR", help="the folder that holds the backups")
    backup.add_argument("folder", nargs="?", type=Path, help=SUPPRESS)
    backup.add_argument("--keep", type=_count, metavar="N", help="then delete all but the newest N")
    backup.set_defaults(command="backup")
    back = commands.add_parser("restore", help="put a backup in place of an empty database")
    back.add_argument(
        "folder", type=Path, metavar="DIR", help="a backup, or a folder that holds some: the newest"
    )
    back.add_argument("--replace", action="store_true", help="back up what is there first, then replace it")
    back.set_defaults(command="restore")


def _add_faq(parser: ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    taking = commands.add_parser("import", help="take in a JSONL, CSV or XLSX file: all rows or none")
    taking.add_argument("file", type=_faq_file)
    taking.add_argument("--publish", action="store_true", help="put the rows before residents at once")
    taking.set_defaults(command="faq import")
    giving = commands.add_parser("export", help="write every entry in use to a JSONL, CSV or XLSX file")
    giving.add_argument("file", type=_faq_file)
    giving.set_defaults(command="faq export")
    asking = commands.add_parser("ask", help="what the answer engine makes of a question, and why")
    asking.add_argument("text")
    asking.add_argument("--json", action="store_true", help="for programs")
    asking.set_defaults(command="faq ask")
    measuring = commands.add_parser("evaluate", help="measure it on questions with known answers")
    measuring.add_argument(
        "file", type=Path, help='JSON lines of {"text": …, "expected": ["id", …]}, or .csv, .xlsx, .txt'
    )
    measuring.set_defaults(command="faq evaluate")


def _port(word: str) -> int:
    port = int(word)
    if not 0 <= port <= 65535:
        raise ArgumentTypeError("a port is a number from 0 to 65535")
    return port


def _count(word: str) -> int:
    number = int(word)
    if number < 1:
        raise ArgumentTypeError("at least 1")
    return number


def _faq_file(word: str) -> Path:
    path = Path(word)
    if path.suffix.lower() not in FAQ_FILES:
        raise ArgumentTypeError(f"{word}: ใช้ได้เฉพาะ / only {' '.join(FAQ_FILES)}")
    return path


def _add_audit(parser: ArgumentParser) -> None:
    parser.set_defaults(command="audit")
    commands = parser.add_subparsers(metavar="COMMAND", dest="action", required=True)
    commands.add_parser("verify", help="check every record; exit 1 and name the first that is broken")
    reseal = commands.add_parser("reseal", help="after a change of SECRET_KEY: seal what is whole anew")
    reseal.add_argument("--reason", required=True, help="why; it is recorded")


def _add_traffic(parser: ArgumentParser) -> None:
    parser.set_defaults(command="traffic")
    commands = parser.add_subparsers(metavar="COMMAND", dest="action", required=True)
    hold = commands.add_parser("hold", help="keep rows beyond their time, by order of an official")
    release = commands.add_parser("release", help="end the holds of a case")
    export = commands.add_parser("export", help="write the rows of some days, with a signed sheet")
    check = commands.add_parser("verify-export", help="whether an export is as it was written here")
    for command in (hold, release):
        command.add_argument("--case", required=True, help="the number of the order")
    hold.add_argument("--until", type=_day, required=True, metavar="YYYY-MM-DD")
    hold.add_argument(
        "--from", dest="begin", type=_day, metavar="YYYY-MM-DD", help="without it: all there is"
    )
    hold.add_argument("--reason", default="", help="what the order says")
    export.add_argument(
        "--opening",
        type=_count,
        metavar="N",
        help="which two people have made in the console, at /admin/traffic",
    )
    export.add_argument(
        "--from", dest="begin", type=_day, metavar="YYYY-MM-DD", help="without it: as far as the opening goes"
    )
    export.add_argument("--to", type=_day, metavar="YYYY-MM-DD", help="the last day")
    export.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help=".csv or .jsonl; not there yet"
    )
    check.add_argument("file", type=Path)


def _day(word: str) -> date:
    try:
        found = date.fromisoformat(word)
    except ValueError as fault:
        raise ArgumentTypeError(f"{word}: YYYY-MM-DD") from fault
    if found.year not in YEARS:
        raise ArgumentTypeError(f"{word}: {YEARS.start}-…")
    return found
