"""Tables of staff: departments, accounts, role grants, sessions, second factors, one-time links, sign-in attempts."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
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
    last_seen_at: Mapped[datetime | None]  # at the desk, with the questions open
    last_used_at: Mapped[datetime | None]  # any page, to the minute


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
    address: Mapped[str] = mapped_column(String(45), default="")  # at sign-in


class SecondFactor(Base):
    """The app on a person's phone that shows codes: its seed, sealed, and the salt of the recovery codes.

    `last_step` is the half minute of the last code that was used: that one and earlier ones open nothing more.
    """

    __tablename__ = "second_factors"

    account_id: Mapped[int] = mapped_column(
        ForeignKey(StaffAccount.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    sealed_seed: Mapped[str] = mapped_column(String(300))
    last_step: Mapped[int] = mapped_column(BigInteger)
    recovery_salt: Mapped[str] = mapped_column(String(32))
    enrolled_at: Mapped[datetime]


class RecoveryCode(Base):
    """One of the codes on paper that stand in for the phone, each once. Only its slow hash is stored."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("account_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id, ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class PendingSignIn(Base):
    """A password that was right and still waits for the code. It opens nothing but the page of the code."""

    __tablename__ = "pending_sign_ins"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id, ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)


class KnownDevice(Base):
    """A browser from which the person has signed in: failures of strangers do not make it wait."""

    __tablename__ = "known_devices"
    __table_args__ = (UniqueConstraint("account_id", "token_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey(StaffAccount.id, ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), index=True)
    seen_at: Mapped[datetime]


class AccessReview(Base):
    """Somebody looked through who may do what, and found it right."""

    __tablename__ = "access_reviews"

    id: Mapped[int] = mapped_column(primary_key=True)
    reviewed_at: Mapped[datetime]
    reviewed_by: Mapped[str] = mapped_column(String(100))  # the display name of then


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
    device_hash: Mapped[str | None] = mapped_column(String(64))  # of a browser that the account knows
    succeeded: Mapped[bool]
