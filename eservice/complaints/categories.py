"""What complaints are about: who looks after each category, and how soon. Shipped, and changed by the office."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from eservice.complaints import wording
from eservice.complaints.clocks import DEFAULT_TARGETS, OTHER_CATEGORY
from eservice.complaints.models import ComplaintCategory
from eservice.kit import audit
from eservice.kit.errors import invalid
from eservice.kit.unit_of_work import ReadOnly, UnitOfWork
from eservice.staff.models import Department
from eservice.staff.permissions import Permission, Principal, require
from knowledge.classify.complaints import DEFAULT_DEPARTMENTS

MAX_WORKING_DAYS = 365
_SHIPPED = tomllib.loads(Path(__file__).with_name("targets.toml").read_text(encoding="utf-8"))
CORRUPTION = "ทุจริต"
PRAISE = "ชื่นชม"


@dataclass(frozen=True, kw_only=True)
class Category:
    """A category. `is_offered`: residents may choose it; `is_sensitive`: it is about people."""

    name: str
    department_id: int | None
    working_days: int
    needs_photo: bool = False
    is_sensitive: bool = False
    is_offered: bool = True


def read_categories(reader: ReadOnly) -> dict[str, Category]:
    """Every category by name: the shipped ones in their order, as the office has set them, then its own."""
    departments = {d.name: d.id for d in reader.session.scalars(select(Department))}
    found = {
        name: Category(
            name=name,
            department_id=departments.get(DEFAULT_DEPARTMENTS[name]),
            working_days=days,
            needs_photo=name in _SHIPPED["needs_photo"],
            is_sensitive=name in _SHIPPED["sensitive"],
        )
        for name, days in DEFAULT_TARGETS.items()
    }
    for row in reader.session.scalars(select(ComplaintCategory).order_by(ComplaintCategory.name)):
        found[row.name] = Category(
            name=row.name,
            department_id=row.department_id,
            working_days=row.working_days,
            needs_photo=row.needs_photo,
            is_sensitive=row.is_sensitive,
            is_offered=row.is_offered,
        )
    return found


def category_of(reader: ReadOnly, name: str) -> Category:
    """The category of a complaint. One that nobody has set counts as อื่นๆ does."""
    known = read_categories(reader)
    return known.get(name) or known[OTHER_CATEGORY]


def save_category(uow: UnitOfWork, category: Category, *, by: Principal) -> None:
    """Sets a category, or adds one of the office's own. What is filed already keeps its date.

    Raises ServiceError: `staff.forbidden`, `complaints.no_category`, `complaints.bad_target`,
    `complaints.unknown_department`.
    """
    require(by, Permission.OFFICE_MANAGE)
    name = wording.checked_line(category.name, "name")
    if not name or len(name) > 100:
        raise invalid("complaints.no_category", name="empty" if not name else "too_long")
    if not 1 <= category.working_days <= MAX_WORKING_DAYS:
        raise invalid("complaints.bad_target", working_days="invalid")
    if category.department_id is not None and uow.session.get(Department, category.department_id) is None:
        raise invalid("complaints.unknown_department", department_id="unknown")
    before = read_categories(uow).get(name)
    row = uow.session.get(ComplaintCategory, name) or ComplaintCategory(name=name)
    row.department_id = category.department_id
    row.working_days = category.working_days
    row.needs_photo = category.needs_photo
    row.is_sensitive = category.is_sensitive
    row.is_offered = category.is_offered or name == OTHER_CATEGORY  # there is always somewhere to put a thing
    uow.session.add(row)
    audit.record(
        uow, actor=by.username, action="complaint_category.saved", subject_kind="complaint_category",
        subject_id=name, before=_plain(before) if before else None, after=_plain(category),
    )  # fmt: skip


def _plain(category: Category) -> dict[str, object]:
    return {
        "department": category.department_id,
        "working_days": category.working_days,
        "needs_photo": category.needs_photo,
        "is_sensitive": category.is_sensitive,
        "is_offered": category.is_offered,
    }
