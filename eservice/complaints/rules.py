"""What an office sets for all complaints together: how far away others count as close, and how long things wait."""

from dataclasses import asdict, dataclass

from eservice.complaints.models import ComplaintRules
from eservice.kit import audit
from eservice.kit.errors import invalid
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.permissions import Permission, Principal, require

THE_ONE = 1
BOUNDS = {"radius_m": (50, 2_000), "reopen_days": (1, 90), "silence_days": (1, 60)}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The rules in force.

    `radius_m`: within so many metres open complaints of a category are offered to whoever reports. So many
    calendar days after the office called it done the resident can say no (`reopen_days`); so many without a
    word count as unanswered (`silence_days`).
    """

    radius_m: int = 250
    reopen_days: int = 15
    silence_days: int = 7


def read_rules(reader: ReadOnly) -> Rules:
    """The office's rules, or the shipped ones."""
    row = reader.session.get(ComplaintRules, THE_ONE)
    if row is None:
        return Rules()
    return Rules(radius_m=row.radius_m, reopen_days=row.reopen_days, silence_days=row.silence_days)


def save_rules(uow: UnitOfWork, rules: Rules, *, by: Principal) -> None:
    """Sets the rules, from now on for what is open or called done already too.

    Raises ServiceError `staff.forbidden`, `complaints.bad_rule` with the field, `complaints.bad_windows` when
    silence would close later than the resident can still say no.
    """
    require(by, Permission.OFFICE_MANAGE)
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(rules, name) <= most:
            raise invalid("complaints.bad_rule", **{name: "out_of_range"})
    if rules.silence_days > rules.reopen_days:
        raise invalid("complaints.bad_windows", silence_days="too_long")
    before = read_rules(uow)
    row = uow.session.get(ComplaintRules, THE_ONE) or ComplaintRules(id=THE_ONE)
    row.radius_m, row.reopen_days, row.silence_days = rules.radius_m, rules.reopen_days, rules.silence_days
    uow.session.add(row)
    audit.record(
        uow, actor=by.username, action="complaint_rules.saved", subject_kind="complaint_rules", subject_id=THE_ONE,
        before=asdict(before), after=asdict(rules),
    )  # fmt: skip
