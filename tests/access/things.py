"""What the console's addresses name, who has it before them, and where it makes no difference whose it is."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from eservice.complaints import canned, spots
from eservice.complaints.cases import CHANGED, subject_of
from eservice.complaints.filing import Filed
from eservice.complaints.models import Complaint, ImprovementTask, Rating
from eservice.kit.database import Database
from eservice.kit.outbox import MAX_ATTEMPTS, OutboxEvent
from eservice.kit.sealing import Sealer
from eservice.kit.thai_calendar import local_date
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging.models import ChannelName, Contact, EventState, InboundEvent
from eservice.privacy import at_office, breaches, requests
from eservice.privacy.breaches import NewBreach
from eservice.privacy.models import Age, BreachRisk, CameBy, Identity, ReachBy, RequestKind
from eservice.staff import accounts, tokens
from eservice.staff.accounts import Profile
from eservice.staff.models import Role, StaffAccount
from eservice.staff.permissions import Grant, Principal
from eservice.staff.queries import principal_of
from eservice.traffic import openings
from eservice.traffic.models import TrafficOpening
from eservice.webhooks import subscriptions
from eservice.webhooks.models import WebhookDelivery, WebhookKind, WebhookState
from knowledge.entries import known_questions, phrasings
from knowledge.entries.known_questions import Question
from tests.admin.test_access_matrix import SIGNED_IN
from tests.complaints.desk import Desk
from tests.staff.test_permissions import EXPECTED

ROLE_OF = {
    "own": Role.RESPONDER, "next door": Role.RESPONDER, "office": Role.RESPONDER, "both": Role.RESPONDER,
    "checker": Role.CHECKER, "author": Role.AUTHOR, "publisher": Role.PUBLISHER,
    "publisher next door": Role.PUBLISHER, "manager": Role.ADMINISTRATOR, "manager of works": Role.ADMINISTRATOR,
}  # fmt: skip
"""Staff and partners: of กองช่าง, of กองคลัง ("next door") or of the whole office ("office", "manager")."""

REACH = {
    "own": ("lamp", "inquiry"), "next door": ("graft",), "office": ("lamp", "graft", "inquiry"),
    "both": ("lamp",), "checker": ("lamp", "inquiry"),
    "manager": ("about lamp", "about graft", "about lamp by key", "about graft by key", "by whom graft is from"),
    "manager of works": ("about lamp", "about lamp by key"),
}  # fmt: skip
"""Who has which case, question or request before them. `graft` accuses the department of `own`."""

WRITERS = ("author", "publisher")
"""Who works on the answers of กองช่าง, and on what the bot learns for them."""

OWNED = ("{case_id:int}", "{photo_id:int}", "{task_id:int}", "{inquiry_id:int}", "{request_id:int}",
         "{entry_id:int}", "{phrasing_id:int}", "{account_id}", "{session_id}")  # fmt: skip
"""The parts of addresses that name somebody's thing."""

NO_OWNER = {
    "/setup/{step}": "one office has one set-up",
    "/bench/questions/{question_id:int}/retire": "test questions are everybody's who writes answers",
    "/partners/tokens/{name}/renew": "a partner's token is the office's, which gave it",
    "/partners/tokens/{name}/revoke": "as above",
    "/partners/webhooks/{name}": "what partners are told, and its log, has no word of residents",
    "/partners/webhooks/{name}/pause": "as above",
    "/partners/webhooks/{name}/resume": "as above",
    "/partners/webhooks/{name}/test": "as above",
    "/partners/webhooks/{name}/remove": "as above",
    "/partners/messages/{key}/send-again": "as above",
    "/traffic/{opening_id:int}": "one office has one traffic log, and whoever keeps it one task",
    "/traffic/{opening_id:int}/close": "as above",
    "/openings/{opening_id:int}": "who asked cannot decide, which tests/traffic/test_openings.py asks",
    "/openings/{opening_id:int}/approve": "as above",
    "/openings/{opening_id:int}/refuse": "as above",
    "/openings/{opening_id:int}/close": "as above",
    "/channels/{name}": "the office has one account at each platform",
    "/channels/{name}/keys": "as above",
    "/channels/{name}/forget": "as above",
    "/channels/{name}/register": "as above",
    "/channels/{name}/menu": "as above",
    "/channels/{name}/check": "as above",
    "/channels/parked/{event_id:int}/retry": "shows no words of it and does what its sender asked for",
    "/channels/untold/{event_id:int}/retry": "shows no words of it and tells whom the case is told to anyway",
    "/faq/{entry_id:int}/preview": "shows the words that were typed, and keeps nothing",
    "/faq/export/{kind}": "every answer may be read by everybody who may read answers",
    "/cases/replies/{reply_id:int}/remove": "ready-made replies are everybody's who works on cases",
    "/cases/spots/{code}/retire": "places of the office's signs",
    "/privacy/register/{kind}": "one office has one register",
    "/privacy/breaches/{breach_id:int}": "an incident is the office's, and names nobody",
    "/privacy/breaches/{breach_id:int}/{step}": "as above",
}
"""Routes that name something which is nobody's own, and why: the permission alone decides."""


PARTNER = "province"
STEPS_AT_OFFICE = ("prove", "national-id", "copy.json", "copy", "told", "forget")
"""Of requests that were made at the office: others do not have them."""


def account_in(
    database: Database, name: str, role: Role, department_id: int | None, *, holds_there: bool
) -> int:
    """A new account of a department, with a role held there or for the whole office."""
    grant = Grant(role=role, department_id=department_id if holds_there else None)
    profile = Profile(display_name=name, grants=[grant], department_id=department_id)
    with database.unit_of_work() as uow:
        return accounts.create_account(uow, name.replace(" ", "-"), profile, actor="cli").account.id


def make_things(
    uow: UnitOfWork,
    desk: Desk,
    manager_id: int,
    cases: Mapping[str, Filed],
    entry: tuple[int, str],
    sealer: Sealer,
) -> dict[str, dict[str, str]]:
    """One of everything that an address of the console can name, by the address's part and whose it is."""
    manager = principal_of(uow, uow.session.get_one(StaffAccount, manager_id))
    tasks, about, of_office = {}, {}, {}
    for name, filed in cases.items():
        rating = Rating(complaint_id=filed.complaint_id, about=uow.now, stars=1, at=uow.now)
        uow.session.add(rating)
        uow.session.flush()
        task = ImprovementTask(
            rating_id=rating.id,
            complaint_id=filed.complaint_id,
            due_day=local_date(uow.now),
            opened_at=uow.now,
        )
        uow.session.add(task)
        complaint = uow.session.get_one(Complaint, filed.complaint_id)
        about[f"about {name}"] = of_office[f"about {name}"] = _at_office(uow, filed.number, manager, sealer)
        by_key = requests.ask(uow, RequestKind.CORRECTION, complaint=complaint, words="แก้ชื่อ")
        about[f"about {name} by key"] = by_key.id
        tasks[name] = task
    dam = uow.session.get_one(Contact, desk.dam)
    about["by whom graft is from"] = requests.ask(uow, RequestKind.CORRECTION, contact=dam, words="แก้ชื่อ").id
    parked = InboundEvent(
        channel=ChannelName.LINE, event_id="parked", conversation_key="U-dam", occurred_ms=1, received_at=uow.now,
        payload="ช่างขอเงิน", state=EventState.PARKED, attempts=5, reason="ValueError",
    )  # fmt: skip
    untold = OutboxEvent(
        kind=CHANGED, subject=subject_of(cases["graft"].complaint_id), payload={}, at=uow.now, due_at=uow.now,
        attempts=MAX_ATTEMPTS, reason="ValueError",
    )  # fmt: skip
    uow.session.add_all([parked, untold])
    reply = canned.save_reply(uow, "รับเรื่อง", "รับเรื่องไว้แล้ว", by=desk.palad)
    spot = spots.create_spot(uow, name="ศาลา", latitude=16.4, longitude=102.8, by=manager)
    entry_id, key = entry
    phrasing = phrasings.correct(uow, "หลอดไฟหน้าบ้านไม่ติด", entry_id, actor="test")
    known_questions.add(uow, [Question(text="ไฟเสียแจ้งใคร", expected=frozenset({key}))], actor="test")
    breach = breaches.note(
        uow,
        NewBreach(
            noticed_at=uow.now - timedelta(hours=1), what="ส่งผิดคน", data="ชื่อ", people=1, risk=BreachRisk.RISK
        ),
        by="test",
    )
    message_key = _partner(uow)
    opening = _opening(uow)
    (question,) = known_questions.in_use(uow)
    uow.session.flush()
    return {
        "{case_id:int}": {name: str(filed.complaint_id) for name, filed in cases.items()},
        "{task_id:int}": {name: str(task.id) for name, task in tasks.items()},
        **{
            f"{{request_id:int}}/{step}": {name: f"{number}/{step}" for name, number in of_office.items()}
            for step in STEPS_AT_OFFICE
        },
        "{request_id:int}": {name: str(number) for name, number in about.items()},
        "{entry_id:int}": {"answer": str(entry_id)},
        "{phrasing_id:int}": {"answer": str(phrasing.id)},
        "parked/{event_id:int}": {"": f"parked/{parked.id}"},
        "untold/{event_id:int}": {"": f"untold/{untold.id}"},
        "{reply_id:int}": {"": str(reply.id)},
        "{code}": {"": spot.code},
        "{question_id:int}": {"": str(question.id)},
        "{breach_id:int}": {"": str(breach.id)},
        "tokens/{name}": {"": f"tokens/{PARTNER}"},
        "webhooks/{name}": {"": f"webhooks/{PARTNER}"},
        "{name}": {"": "line"},
        "{key}": {"": message_key},
        "{opening_id:int}": {"": str(opening.id)},
        "{kind}": {"": "csv"},
        "setup/{step}": {"": "setup/hours"},
        "{step}": {"": "report"},
    }


def _at_office(uow: UnitOfWork, number: str, manager: Principal, sealer: Sealer) -> int:
    new = at_office.NewRequest(
        kind=RequestKind.COPY,
        came_by=CameBy.COUNTER,
        name="สมหญิง",
        reach_by=ReachBy.TELEPHONE,
        reach="0812345678",
        received=local_date(uow.now),
        identity=Identity.CARD,
        age=Age.GROWN,
        cases=number,
        national_id="1101700203450",
    )
    return at_office.take(uow, new, by=manager, sealer=sealer).id


def _partner(uow: UnitOfWork) -> str:
    """A partner with a token, an address, and a message that was given up, whose key is returned."""
    tokens.create_token(uow, PARTNER, [Grant(role=Role.RESPONDER)], days=30)
    hub = subscriptions.add(
        uow, PARTNER, "https://hub.example.go.th/news", [WebhookKind.CASE_FILED], is_local=False
    )
    uow.session.flush()
    given_up = WebhookDelivery(
        key="msg_given_up", subscription_id=hub.id, event_key="1", kind=WebhookKind.CASE_FILED, body="{}",
        state=WebhookState.GIVEN_UP, attempts=9, due_at=uow.now, log=[], created_at=uow.now, settled_at=uow.now,
    )  # fmt: skip
    uow.session.add(given_up)
    return given_up.key


def _opening(uow: UnitOfWork) -> TrafficOpening:
    """What somebody asks who keeps the log and is none of the cast."""
    profile = Profile(display_name="ผู้ดูแลบันทึก", grants=[Grant(role=Role.LOG_CUSTODIAN)])
    keeper = accounts.create_account(uow, "keeper-of-logs", profile, actor="cli").account
    today = local_date(uow.now)
    new = openings.NewOpening(
        order_reference="ศ 1/2569", ordered_by="ศาลจังหวัด", document_number="7", ordered_on=today, first=today,
        last=today, reason="ตามคำสั่ง",
    )  # fmt: skip
    return openings.ask(uow, new, by=principal_of(uow, keeper))


def addresses(
    path: str, things: Mapping[str, Mapping[str, str]], mine: tuple[int, int], another: tuple[int, int]
) -> Iterator[tuple[str, str]]:
    """Whose thing, and the route's address of it, for each that the path can name.

    `mine` and `another` are an account and a session of it: the caller's and somebody else's.
    """
    found = {"": path}
    for part, known in things.items():
        if part in path:
            found = {whose or name: said.replace(part, value) for whose, said in found.items()
                     for name, value in known.items()}  # fmt: skip
    if "{session_id}" in path:
        accounts_of = (mine, another) if "{account_id}" in path else (mine,)
        found = {
            _whose(account is mine, account is session): path.replace(
                "{account_id}", str(account[0])
            ).replace("{session_id}", str(session[1]))
            for account in accounts_of
            for session in (mine, another)
        }
    elif "{account_id}" in path:
        found = {
            _whose(account is mine, True): path.replace("{account_id}", str(account[0]))
            for account in (mine, another)
        }
    yield from ((whose, f"/admin{address}") for whose, address in found.items())


def _whose(is_mine: bool, is_its_session: bool) -> str:
    if not is_its_session:
        return "my account, another's session" if is_mine else "another's account, my session"
    return "my account" if is_mine else "another's account"


def expected(who: str, permission: str, whose: str) -> int:
    """The status of the refusal of a route of the console, or 0 for none."""
    if permission not in (SIGNED_IN, *EXPECTED[ROLE_OF[who]].split()):
        return 403
    if whose == "answer":
        return 0 if permission == "faq.read" or who in WRITERS else 403
    if whose.endswith("session"):
        return 404
    if whose in ("", "my account", "another's account"):
        return 0
    return 0 if whose in REACH.get(who, ()) else 404
