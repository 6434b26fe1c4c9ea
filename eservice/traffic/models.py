"""The traffic log, the orders that keep parts of it longer, and its openings: who may look into which part of it."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.chain import Chain
from eservice.kit.database import Base
from eservice.messaging.models import enum_column


class TrafficRow(Base):
    """One request that was answered; or, with `lost`, how many before it could not be written down."""

    __tablename__ = "traffic_rows"
    __table_args__ = (Index(None, "at"), Index(None, "source", "at"), Index(None, "account", "at"))

    sequence: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime]  # when the request came
    milliseconds: Mapped[int]  # until its answer was out; a stream may last minutes
    source: Mapped[str] = mapped_column(String(45))  # the IP address behind the trusted proxies
    port: Mapped[int]  # 0 where a proxy did not pass it on
    account: Mapped[str] = mapped_column(String(100))  # username, token's name, or a resident's pseudonym
    session: Mapped[str] = mapped_column(String(16))  # a pseudonym
    method: Mapped[str] = mapped_column(String(10))
    path: Mapped[str] = mapped_column(
        String(200)
    )  # never the query; names in braces stand for what is private
    status: Mapped[int]  # 0: the other side left before there was an answer
    bytes_in: Mapped[int] = mapped_column(BigInteger)  # of the body
    bytes_out: Mapped[int] = mapped_column(BigInteger)
    lost: Mapped[int]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class TrafficHold(Base):
    """An order of an official: rows from `covers_from` on are kept at least until `until`, whatever their age."""

    __tablename__ = "traffic_holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_reference: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(500))
    covers_from: Mapped[datetime]
    until: Mapped[datetime]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(100))
    released_at: Mapped[datetime | None]


class OpeningState(StrEnum):
    """The life of an opening. One that was approved also ends by itself, with `until`."""

    WAITING = "waiting"  # for the second person
    APPROVED = "approved"
    REFUSED = "refused"
    CLOSED = "closed"  # before its time, or taken back before anybody decided


class TrafficOpening(Base):
    """Leave to look at the rows of [covers_from, covers_to) by an official's order: asked by one, decided by another.

    `source` and `account` narrow it to one address or account; empty, they do not.
    """

    __tablename__ = "traffic_openings"
    __table_args__ = (Index(None, "state", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    order_reference: Mapped[str] = mapped_column(String(100))  # the case that the order is about
    ordered_by: Mapped[str] = mapped_column(String(200))  # the office or official
    document_number: Mapped[str] = mapped_column(String(100))
    ordered_on: Mapped[date]
    covers_from: Mapped[datetime]
    covers_to: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(45))
    account: Mapped[str] = mapped_column(String(100))
    reason: Mapped[str] = mapped_column(String(500))
    state: Mapped[OpeningState] = mapped_column(enum_column(OpeningState))
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(100))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(100))
    refusal: Mapped[str] = mapped_column(String(500), default="")
    until: Mapped[datetime | None]  # set with the approval
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(String(100))


CHAIN = Chain(name="traffic", model=TrafficRow)
