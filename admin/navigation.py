"""The rooms of the console, in the order of the rail, each with the permission that opens it."""

from dataclasses import dataclass

from eservice.staff.permissions import Permission, Principal, may


@dataclass(frozen=True, kw_only=True)
class Room:
    """An entry of the rail. Its label is the text `rooms.<key>`."""

    key: str
    href: str
    icon: str
    permission: Permission


ROOMS = (
    Room(key="inquiries", href="/admin/inquiries", icon="inbox", permission=Permission.INQUIRY_READ),
    Room(key="faq", href="/admin/faq", icon="book", permission=Permission.FAQ_READ),
    Room(key="bench", href="/admin/bench", icon="question", permission=Permission.BENCH_USE),
    Room(key="channels", href="/admin/channels", icon="chat", permission=Permission.CHANNEL_READ),
    Room(key="staff", href="/admin/staff", icon="people", permission=Permission.STAFF_MANAGE),
    Room(key="office", href="/admin/office", icon="gear", permission=Permission.OFFICE_MANAGE),
)


def rooms_for(principal: Principal) -> list[Room]:
    """The rooms that this person may enter."""
    return [room for room in ROOMS if may(principal, room.permission)]


def is_within(room: Room, path: str) -> bool:
    """Whether a page's address lies in the room."""
    return path == room.href or path.startswith(room.href + "/")
