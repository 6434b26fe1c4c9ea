"""The rooms of the console, in the order of the rail, each with the permission that opens it."""

from collections.abc import Callable
from dataclasses import dataclass

from eservice.complaints import listing as complaints
from eservice.inquiries import queries as inquiries
from eservice.kit.unit_of_work import ReadOnly
from eservice.privacy import requests
from eservice.staff.permissions import Permission, Principal, departments_of, may
from knowledge.entries import calibrations


@dataclass(frozen=True, kw_only=True)
class Room:
    """An entry of the rail. Its label is the text `rooms.<key>`; `count` says how much waits in it."""

    key: str
    href: str
    icon: str
    permission: Permission
    count: Callable[[ReadOnly, Principal], int] | None = None


def _waiting_inquiries(reader: ReadOnly, principal: Principal) -> int:
    return inquiries.waiting_count(reader, departments_of(principal, Permission.INQUIRY_READ))


def _outdated_setting(reader: ReadOnly, principal: Principal) -> int:
    """One for who may set the assistant's confidence anew, when a new release asks for it."""
    return int(may(principal, Permission.OFFICE_MANAGE) and calibrations.is_outdated(reader))


def _privacy_requests(reader: ReadOnly, principal: Principal) -> int:
    return requests.waiting_count(reader, principal)


ROOMS = (
    Room(
        key="inquiries",
        href="/admin/inquiries",
        icon="inbox",
        permission=Permission.INQUIRY_READ,
        count=_waiting_inquiries,
    ),
    Room(
        key="cases",
        href="/admin/cases",
        icon="flag",
        permission=Permission.CASE_READ,
        count=complaints.not_begun_count,
    ),
    Room(key="faq", href="/admin/faq", icon="book", permission=Permission.FAQ_READ),
    Room(
        key="bench",
        href="/admin/bench",
        icon="question",
        permission=Permission.BENCH_USE,
        count=_outdated_setting,
    ),
    Room(key="channels", href="/admin/channels", icon="chat", permission=Permission.CHANNEL_READ),
    Room(
        key="privacy",
        href="/admin/privacy",
        icon="lock",
        permission=Permission.PRIVACY_HANDLE,
        count=_privacy_requests,
    ),
    Room(key="staff", href="/admin/staff", icon="people", permission=Permission.STAFF_MANAGE),
    Room(key="records", href="/admin/records", icon="eye", permission=Permission.AUDIT_READ),
    Room(key="traffic", href="/admin/traffic", icon="track", permission=Permission.TRAFFIC_READ),
    Room(key="office", href="/admin/office", icon="gear", permission=Permission.OFFICE_MANAGE),
)


def rooms_for(principal: Principal) -> list[Room]:
    """The rooms that this person may enter."""
    return [room for room in ROOMS if may(principal, room.permission)]


def waiting_in_rooms(reader: ReadOnly, principal: Principal) -> dict[str, int]:
    """How much waits for this person, by room."""
    return {room.key: room.count(reader, principal) for room in rooms_for(principal) if room.count}


def is_within(room: Room, path: str) -> bool:
    """Whether a page's address lies in the room."""
    return path == room.href or path.startswith(room.href + "/")
