"""Tables of the office: one row of facts about it, and the versions of its privacy notice."""

from datetime import datetime, time
from typing import Any

from sqlalchemy import JSON, CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from eservice.kit.database import MEDIA_KEY, Base


class Office(Base):
    """The one office of this deployment."""

    __tablename__ = "office"
    __table_args__ = (CheckConstraint("id = 1", name="one_office"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(500))
    phone: Mapped[str] = mapped_column(String(50), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    opens_at: Mapped[time] = mapped_column(default=time(8, 30))
    closes_at: Mapped[time] = mapped_column(default=time(16, 30))
    lunch_starts_at: Mapped[time | None]  # with its end, or neither: staff work through
    lunch_ends_at: Mapped[time | None]
    holidays: Mapped[list[Any]] = mapped_column(JSON, default=list)  # [{"date": "2026-12-07", "name": …}]
    widget_origins: Mapped[list[Any]] = mapped_column(JSON, default=list)  # sites that may embed the chat
    header_colour: Mapped[str] = mapped_column(String(7), default="", server_default="")  # "" as shipped
    action_colour: Mapped[str] = mapped_column(String(7), default="", server_default="")
    privacy_contact: Mapped[str] = mapped_column(String(200), default="", server_default="")
    privacy_phone: Mapped[str] = mapped_column(String(50), default="", server_default="")
    privacy_email: Mapped[str] = mapped_column(String(200), default="", server_default="")
    seal_key: Mapped[str | None] = mapped_column(String(32), info=MEDIA_KEY)
    setup_steps: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")  # those saved
    is_demo: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime]


class PrivacyNotice(Base):
    """One version of the privacy notice; the newest published one is in force. Versions are never changed."""

    __tablename__ = "privacy_notices"

    version: Mapped[str] = mapped_column(String(20), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime]
