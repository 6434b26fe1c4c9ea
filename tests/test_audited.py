"""Every change that somebody is named for goes through the audit; opening what is known of a resident too.

What there is to change is not written down here: it is read from the services, the routes and the command line, so
that a new one fails until it is on record or stands below with its reason.
"""

import argparse
import ast
from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.routing import APIRoute, _IncludedRouter
from starlette.routing import BaseRoute, Mount

from eservice.operations.arguments import create_parser
from tests.reaching import NOTED, RECORDED, reaches
from tests.source import name_of, product_files, tree_of

SERVICES = ("eservice/", "knowledge/entries/")
NAMED = {"actor", "by", "author_id"}
UNAUDITED = {
    "eservice/complaints/cases.py:for_staff": "it locks, for others to change",
}
READERS = {
    "admin/cases.py": {"show_case", "refresh_case"},
    "admin/case_file.py": {"print_file"},
    "admin/case_photos.py": {"show_photo"},
    "admin/case_redaction.py": {"show_words", "hide_words"},
    "admin/case_reports.py": {"download"},
    "admin/inquiries.py": {"show_case", "refresh_thread"},
    "admin/privacy.py": {"look"},
    "admin/privacy_office.py": {"reveal", "show_copy", "download_copy"},
    "eservice/api/officers.py": {"read_the_record"},
    "eservice/api/attachments.py": {"see_a_photo_of_the_record"},
}
"""What shows who reported, a conversation, or a file with either."""

CHANGES_NOTHING = {
    "POST /admin/bench/evaluate": "it asks the questions of a file",
    "POST /admin/cases/new/suggest": "it proposes a category",
    "POST /admin/channels/{name}/check": "it examines; what came of it is kept with the channel",
    "POST /admin/faq/preview": "it draws what is not saved",
    "POST /admin/faq/words/try": "it shows what words would do",
    "POST /admin/faq/{entry_id:int}/preview": "it draws what is not saved",
    "POST /admin/login": "it opens a session: the log and the list of sessions tell of it",
    "POST /admin/logout": "it ends one's own session",
    "POST /api/v1/chat/attachments": "a resident's words, worked on later: what comes of them is on record",
    "POST /api/v1/chat/messages": "a resident's words, worked on later: what comes of them is on record",
    "POST /api/v1/chat/sessions": "a resident begins to talk",
    "POST /report": "the steps of a form; sending it is POST /report/send",
    "POST /webhooks/line": "a resident's words, worked on later: what comes of them is on record",
    "POST /webhooks/telegram": "a resident's words, worked on later: what comes of them is on record",
}
"""The routes that are no GET and leave no record, with the reason."""

COMMANDS = {
    "api-token create": "eservice/staff/token_commands.py:create",
    "api-token list": "",
    "api-token renew": "eservice/staff/token_commands.py:renew",
    "api-token revoke": "eservice/staff/token_commands.py:revoke",
    "audit reseal": "eservice/operations/chains.py:reseal",
    "audit verify": "",
    "backup": "app.py:back_up",
    "channels setup": "app.py:set_up_channel",
    "check-python": "",
    "doctor": "",
    "faq ask": "",
    "faq evaluate": "",
    "faq export": "",  # answers are public
    "faq import": "knowledge/entries/commands.py:import_file",
    "maintenance off": "eservice/operations/maintenance.py:command",
    "maintenance on": "eservice/operations/maintenance.py:command",
    "maintenance page": "",
    "migrate": "eservice/kit/migrate.py:migrate",
    "migrate --down-to": "eservice/operations/schema.py:take_back",
    "office checklist": "",
    "office init": "eservice/setup/commands.py:init",
    "privacy reapply": "eservice/privacy/commands.py:reapply",
    "restore": "eservice/operations/backup_commands.py:put_back",
    "serve": "",
    "staff create": "eservice/staff/commands.py:create",
    "staff link": "eservice/staff/commands.py:link",
    "staff reset-second-factor": "eservice/staff/commands.py:reset_second_factor",
    "traffic export": "eservice/traffic/commands.py:take",
    "traffic hold": "eservice/traffic/commands.py:hold",
    "traffic release": "eservice/traffic/commands.py:release",
    "traffic verify-export": "",
    "webhooks add": "eservice/webhooks/commands.py:add",
    "webhooks list": "",
    "webhooks log": "",
    "webhooks remove": "eservice/webhooks/commands.py:remove",
    "webhooks resend": "eservice/webhooks/commands.py:send_again",
    "worker": "",
}
"""Every command, and what does its work if that changes something; "" for those that change nothing by themselves."""


def works() -> Iterator[tuple[str, str, set[str]]]:
    """The functions of services that take a unit of work: file, name and parameters."""
    for path in product_files(".py"):
        if not name_of(path).startswith(SERVICES):
            continue
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef):
                names = [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
                if names[:1] == ["uow"]:
                    yield name_of(path), node.name, set(names)


def changing_routes(prefix: str, routes: list[BaseRoute]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every route that is no GET as "METHOD path", with its function; the console's too."""
    for route in routes:
        if isinstance(route, _IncludedRouter):
            yield from changing_routes(prefix + route.include_context.prefix, route.original_router.routes)
        elif isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from changing_routes(prefix + route.path, route.app.routes)
        elif isinstance(route, APIRoute):
            file = route.endpoint.__module__.replace(".", "/") + ".py"
            for method in (route.methods or set()) - {"GET", "HEAD"}:
                yield f"{method} {prefix}{route.path}", (file, route.endpoint.__name__)


def commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Every command as typed, without its own words, as the parser knows them."""
    choices = [action.choices for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not choices:
        yield parser.prog.removeprefix("app.py ")
    for named in choices:
        for below in named.values():
            yield from commands(below)


def test_whoever_is_named_for_a_change_is_named_in_the_audit() -> None:
    silent = {
        f"{file}:{function}"
        for file, function, parameters in works()
        if parameters & NAMED and not function.startswith("_") and not reaches((file, function), RECORDED)
    }
    assert silent == UNAUDITED.keys()


def test_opening_what_is_known_of_a_resident_is_on_record() -> None:
    for file, functions in READERS.items():
        for function in functions:
            assert reaches((file, function), NOTED | RECORDED), f"{file}:{function}"


def test_every_route_that_changes_something_leaves_a_record(whole_app: FastAPI) -> None:
    routes = dict(changing_routes("", whole_app.routes))
    assert len(routes) > 100
    silent = {route for route, place in routes.items() if not reaches(place, RECORDED)}
    assert silent == CHANGES_NOTHING.keys()


def test_every_command_that_changes_something_leaves_a_record() -> None:
    assert {*commands(create_parser()), "migrate --down-to"} == COMMANDS.keys()
    for command, work in COMMANDS.items():
        if work:
            file, _, function = work.partition(":")
            assert reaches((file, function), RECORDED), command
