"""Every module that declares tables, so that migrations see them all."""

from eservice.complaints import models as complaints
from eservice.complaints import redactions
from eservice.inquiries import models as inquiries
from eservice.kit import audit, backup_runs, chain, clock_checks, heartbeat, idempotency, outbox
from eservice.messaging import models as messaging
from eservice.office import models as office
from eservice.privacy import models as privacy
from eservice.staff import models as staff
from eservice.traffic import models as traffic
from eservice.webhooks import models as webhooks
from knowledge.entries import models as entries

ALL_MODELS = (
    audit,
    chain,
    backup_runs,
    clock_checks,
    heartbeat,
    idempotency,
    outbox,
    messaging,
    staff,
    office,
    complaints,
    redactions,
    inquiries,
    entries,
    webhooks,
    traffic,
    privacy,
)
