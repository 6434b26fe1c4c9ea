"""An office's desk for tests: departments, staff, residents who leave questions."""

from datetime import timedelta

from eservice.inquiries import service as inquiries
from eservice.inquiries.models import Inquiry, InquiryKind
from eservice.kit.unit_of_work import UnitOfWork
from eservice.messaging import conversations, deliveries
from eservice.messaging.attempts import ReplyRoad
from eservice.messaging.content import say
from eservice.messaging.conversations import Talk
from eservice.messaging.models import ChannelName, ContactKind, Delivery, DeliveryClass, Message
from eservice.staff.models import Department, Role, RoleGrant, StaffAccount


def add_department(uow: UnitOfWork, name: str) -> Department:
    department = Department(name=name, position=0)
    uow.session.add(department)
    uow.session.flush()
    return department


def add_staff(
    uow: UnitOfWork, username: str, *roles: Role, department: Department | None = None
) -> StaffAccount:
    """An account whose roles are held in `department`, or office-wide without one."""
    account = StaffAccount(
        username=username,
        display_name=username.capitalize(),
        department_id=department.id if department else None,
        created_at=uow.now,
    )
    uow.session.add(account)
    uow.session.flush()
    for role in roles:
        uow.session.add(
            RoleGrant(account_id=account.id, role=role, department_id=department.id if department else None)
        )
    uow.session.flush()
    return account


def meet(uow: UnitOfWork, address: str, channel: ChannelName = ChannelName.LINE, name: str = "ป้าแดง") -> Talk:
    """A resident writes for the first time, or again."""
    return conversations.open_talk(
        uow, channel=channel, address=address, kind=ContactKind.PERSON, display_name=name
    )


def heard(uow: UnitOfWork, talk: Talk, text: str, *, kind: str = "text", ref: str | None = None) -> Message:
    return conversations.record_heard(uow, talk.conversation, text=text, kind=kind, platform_ref=ref)


def leave(
    uow: UnitOfWork, talk: Talk, text: str, department: Department | None = None, ref: str | None = None
) -> Inquiry:
    """The resident says something that stays with the office."""
    inquiry = inquiries.leave_question(
        uow,
        talk,
        heard(uow, talk, text, ref=ref),
        kind=InquiryKind.QUESTION,
        department_id=department.id if department else None,
        confidence=0.41,
    )
    uow.session.flush()
    return inquiry


def acknowledge_later(uow: UnitOfWork, talk: Talk, *, after_seconds: int = 35) -> Delivery:
    """The machine's receipt waits for staff with a LINE reply token of fifty seconds."""
    delivery = deliveries.enqueue(
        uow,
        talk,
        say("รับคำถามไว้แล้วค่ะ"),
        purpose=DeliveryClass.REPLY,
        reply=ReplyRoad(token="reply-token", until=uow.now + timedelta(seconds=50)),
        due_at=uow.now + timedelta(seconds=after_seconds),
    )
    assert delivery is not None
    return delivery
