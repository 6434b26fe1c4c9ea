"""Every module that declares tables, so that migrations see them all."""

from eservice.complaints import models as complaints
from eservice.inquiries import models as inquiries
from eservice.kit import audit, heartbeat, outbox
from eservice.messaging import models as messaging
from eservice.office import models as office
from eservice.staff import models as staff
from knowledge.entries import models as entries

ALL_MODELS = (audit, heartbeat, outbox, messaging, staff, office, complaints, inquiries, entries)
