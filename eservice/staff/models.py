"""Tables of staff: departments, accounts, role grants, sessions, one-time links, sign-in attempts."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import Base
from eservice.messaging.models import enum_column


class Department(Base):
    """A unit of the office, in its own order, e.g. กองคลัง."""

    __tablename__ = "departments"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    position: Mapped[int] = mapped_column(default=0)


class Role(StrEnum):
    """What a person may do, within a department or in the whole office."""

    AUTHOR = "author"
    APPROVER = "approver"
    PUBLISHER = "publisher"
    CHECKER = "checker"
    RESPONDER = "responder"
    ADMINISTRATOR = "administrator"
    LOG_CUSTODIAN = "log-custodian"


class Position(StrEnum):
    """A rank in the office. It grants nothing by itself; later it drives escalation."""

    HEAD = "head"  # หัวหน้า/ผอ.กอง
    CLERK_OF_OFFICE = "palad"  # ปลัด
    CHIEF_EXECUTIVE = "nayok"  # นายก


class StaffAccount(Base):
    """A person who signs in to the console. Without a password only a one-time link opens it."""

    __tablename__ = "staff_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(50), unique=True)
    display_name: Mapped[str] = mapped_column(String(100))
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id))
    position: Mapped[Position | None] = mapped_column(enum_column(Position))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    disabled_at: Mapped[datetime | None]
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime | None]


class RoleGrant(Base):
    """One role of one account; without a department it holds for the whole office."""

    __tablename__ = "role_grants"
    __table_args__ = (UniqueConstraint("account_id", "role", "department_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id, ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    department_id: Mapped[int | None] = mapped_column(ForeignKey(Department.id))


class ApiToken(Base):
    """A partner system's way in, named by a machine account `api:<name>` that holds its roles.

    Nobody signs in to that account: it is disabled from the start. Only the hash of the token is stored.
    """

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id, ondelete="CASCADE"), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(100))  # as the audit names whoever made it
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class StaffSession(Base):
    """A signed-in browser. Only the hash of its cookie is stored."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id, ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    csrf_secret: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    user_agent: Mapped[str] = mapped_column(String(200), default="")


class OneTimeLink(Base):
    """A link that opens the password page once. Only the hash of its token is stored."""

    __tablename__ = "one_time_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id, ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInAttempt(Base):
    """One try at a password, for throttling by account name and by address."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index(None, "username_hash", "at"), Index(None, "ip", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    username_hash: Mapped[str] = mapped_column(String(64))
    ip: Mapped[str] = mapped_column(String(45))
    succeeded: Mapped[bool]
