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
READS_OF_RESIDENTS = NOTED | {("eservice/traffic/queries.py", "search")}
"""What puts a reading on record; the traffic log's has its own way, by order."""

A_FORM = "a form, with nothing of anybody in it"
OWN = "one's own, as whoever has the secret, the session or the cookie"
PUBLIC = "for everybody"
SETTINGS = "settings and texts of the office"
COLLEAGUES = "names colleagues, systems and orders, and no resident"
COUNTS = "counts and states"
LEARNED = "wordings: what is personal is taken out before they are kept"

READS_NOBODY = {
    "GET /": PUBLIC,
    "GET /admin/": COUNTS,
    "GET /admin/bench": LEARNED,
    "GET /admin/bench/confidence": COUNTS,
    "GET /admin/bench/confidence/picture": COUNTS,
    "GET /admin/bench/confidence/recalibrate": COUNTS,
    "GET /admin/bench/evaluate": A_FORM,
    "GET /admin/bench/questions": LEARNED,
    "GET /admin/cases/categories": SETTINGS,
    "GET /admin/cases/changes": "says that something happened, and nothing of what",
    "GET /admin/cases/map": A_FORM,
    "GET /admin/cases/map.json": "how many cases lie where; each opens its own page",
    "GET /admin/cases/new": A_FORM,
    "GET /admin/cases/photos/{photo_id:int}/remove": "the picture in it is asked for by itself, and that is noted",
    "GET /admin/cases/replies": SETTINGS,
    "GET /admin/cases/reports": "numbers, dates and sums of cases, no words of residents",
    "GET /admin/cases/spots": SETTINGS,
    "GET /admin/cases/spots/signs": SETTINGS,
    "GET /admin/channels": COUNTS,
    "GET /admin/channels/{name}": SETTINGS,
    "GET /admin/faq": SETTINGS,
    "GET /admin/faq/export/{kind}": PUBLIC,
    "GET /admin/faq/import": A_FORM,
    "GET /admin/faq/learned": LEARNED,
    "GET /admin/faq/learned/rules": SETTINGS,
    "GET /admin/faq/new": "words of questions only as far as they may stand in an answer",
    "GET /admin/faq/starter": SETTINGS,
    "GET /admin/faq/words": SETTINGS,
    "GET /admin/faq/{entry_id:int}": SETTINGS,
    "GET /admin/inquiries/{inquiry_id:int}/road": "the time that is left to answer free of charge",
    "GET /admin/link": A_FORM,
    "GET /admin/link/{token}": OWN,
    "GET /admin/login": A_FORM,
    "GET /admin/login/code": A_FORM,
    "GET /admin/me": OWN,
    "GET /admin/me/second-factor": OWN,
    "GET /admin/office": SETTINGS,
    "GET /admin/openings": COLLEAGUES,
    "GET /admin/openings/{opening_id:int}": COLLEAGUES,
    "GET /admin/partners": COLLEAGUES,
    "GET /admin/partners/new-token": A_FORM,
    "GET /admin/partners/new-webhook": A_FORM,
    "GET /admin/partners/webhooks/{name}": "what was sent when, and how it was answered; no words of it",
    "GET /admin/privacy/breaches": "incidents: how many people, of what kind, and nobody by name",
    "GET /admin/privacy/breaches/{breach_id:int}": "as above",
    "GET /admin/privacy/keeping": COUNTS,
    "GET /admin/privacy/new": A_FORM,
    "GET /admin/privacy/processors": COLLEAGUES,
    "GET /admin/privacy/register": "what is kept and why, and of nobody",
    "GET /admin/privacy/register/{kind}": "as above",
    "GET /admin/records": "who did what with which number; it holds no words of residents",
    "GET /admin/setup": SETTINGS,
    "GET /admin/setup/checklist": SETTINGS,
    "GET /admin/setup/notice": SETTINGS,
    "GET /admin/setup/{step}": SETTINGS,
    "GET /admin/staff": COLLEAGUES,
    "GET /admin/staff/new": A_FORM,
    "GET /admin/staff/review": COLLEAGUES,
    "GET /admin/staff/{account_id}": COLLEAGUES,
    "GET /admin/staff/{account_id}/history": COLLEAGUES,
    "GET /admin/traffic": COLLEAGUES,
    "GET /admin/traffic/ask": A_FORM,
    "GET /api/v1/cases": "numbers, states, villages and times; no words, no name",
    "GET /api/v1/cases/categories": PUBLIC,
    "GET /api/v1/cases/{number}": OWN,
    "GET /api/v1/cases/{number}/attachments/{reference}": OWN,
    "GET /api/v1/chat/messages": OWN,
    "GET /api/v1/chat/stream": OWN,
    "GET /api/v1/faq/search": PUBLIC,
    "GET /chat": PUBLIC,
    "GET /docs": PUBLIC,
    "GET /faq": PUBLIC,
    "GET /faq/topic/{slug:path}": PUBLIC,
    "GET /faq/{key}": PUBLIC,
    "GET /figures": PUBLIC,
    "GET /figures.csv": PUBLIC,
    "GET /figures.json": PUBLIC,
    "GET /healthz": COUNTS,
    "GET /metrics": COUNTS,
    "GET /mydata": OWN,
    "GET /mydata/all": OWN,
    "GET /mydata/data.json": OWN,
    "GET /mydata/photos/{photo_id:int}": OWN,
    "GET /office/seal.png": PUBLIC,
    "GET /office/styles.css": PUBLIC,
    "GET /privacy": PUBLIC,
    "GET /readyz": COUNTS,
    "GET /report": OWN,
    "GET /report/photo": OWN,
    "GET /report/send": OWN,
    "GET /robots.txt": PUBLIC,
    "GET /sitemap": PUBLIC,
    "GET /sitemap.xml": PUBLIC,
    "GET /track": OWN,
    "GET /track/data.json": OWN,
    "GET /track/personal": OWN,
    "GET /track/photos/{photo_id:int}": OWN,
    "GET /track/photos/{photo_id:int}/thumbnail": OWN,
    "GET /widget.js": PUBLIC,
}
"""The routes that show nothing of a resident to others, and why; every other GET is a reading, on record."""

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


def all_routes(prefix: str, routes: list[BaseRoute]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Every route as "METHOD path", with its function; the console's too."""
    for route in routes:
        if isinstance(route, _IncludedRouter):
            yield from all_routes(prefix + route.include_context.prefix, route.original_router.routes)
        elif isinstance(route, Mount) and isinstance(route.app, FastAPI):
            yield from all_routes(prefix + route.path, route.app.routes)
        elif isinstance(route, APIRoute):
            file = route.endpoint.__module__.replace(".", "/") + ".py"
            for method in (route.methods or set()) - {"HEAD"}:
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


def test_every_route_that_shows_what_is_known_of_a_resident_puts_the_reading_on_record(
    whole_app: FastAPI,
) -> None:
    routes = {route: place for route, place in all_routes("", whole_app.routes) if route.startswith("GET ")}
    silent = {route for route, place in routes.items() if not reaches(place, READS_OF_RESIDENTS)}
    assert silent == READS_NOBODY.keys()
    assert len(routes) - len(silent) >= 25


def test_every_route_that_changes_something_leaves_a_record(whole_app: FastAPI) -> None:
    routes = {
        route: place for route, place in all_routes("", whole_app.routes) if not route.startswith("GET ")
    }
    assert len(routes) > 100
    silent = {route for route, place in routes.items() if not reaches(place, RECORDED)}
    assert silent == CHANGES_NOTHING.keys()


def test_every_command_that_changes_something_leaves_a_record() -> None:
    assert {*commands(create_parser()), "migrate --down-to"} == COMMANDS.keys()
    for command, work in COMMANDS.items():
        if work:
            file, _, function = work.partition(":")
            assert reaches((file, function), RECORDED), command
