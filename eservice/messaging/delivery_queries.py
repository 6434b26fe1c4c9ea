"""What pages and figures read of the delivery queue."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select

from eservice.kit.unit_of_work import ReadOnly
from eservice.messaging.models import ChannelName, Contact, Delivery, DeliveryState


def states_of(reader: ReadOnly, message_ids: Sequence[int]) -> dict[int, Delivery]:
    """The newest delivery of each message, for the pages that show how far it came."""
    rows = reader.session.scalars(
        select(Delivery).where(Delivery.message_id.in_(message_ids)).order_by(Delivery.id)
    )
    return {delivery.message_id: delivery for delivery in rows}


def troubled(reader: ReadOnly, limit: int = 100) -> Sequence[tuple[Delivery, Contact]]:
    """Deliveries that staff should know of: uncertain or failed, newest first."""
    rows = reader.session.execute(
        select(Delivery, Contact)
        .join(Contact, Contact.id == Delivery.contact_id)
        .where(Delivery.state.in_((DeliveryState.UNCERTAIN, DeliveryState.FAILED)))
        .order_by(Delivery.id.desc())
        .limit(limit)
    ).all()
    return [(delivery, contact) for delivery, contact in rows]


def counts(reader: ReadOnly) -> dict[tuple[ChannelName, DeliveryState], int]:
    """How many deliveries each channel has in each state."""
    rows = reader.session.execute(
        select(Delivery.channel, Delivery.state, func.count()).group_by(Delivery.channel, Delivery.state)
    )
    return {(channel, state): number for channel, state, number in rows}


def oldest_due(reader: ReadOnly) -> datetime | None:
    """Since when the oldest unsent message has been due; None when nothing waits."""
    return reader.session.scalar(
        select(func.min(Delivery.due_at)).where(
            Delivery.state == DeliveryState.QUEUED, or_(Delivery.due_at <= reader.now)
        )
    )
