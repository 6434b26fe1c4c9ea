"""The office's departments and their order, as its administrator writes them down."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from eservice.kit import audit
from eservice.kit.errors import conflict, invalid
from eservice.kit.unit_of_work import UnitOfWork
from eservice.setup.plan import MAX_DEPARTMENTS, MAX_NAME
from eservice.staff import queries
from eservice.staff.models import Department


@dataclass(frozen=True, kw_only=True)
class Row:
    """A department as it is to be; without an id a new one."""

    name: str
    id: int | None = None


def save(uow: UnitOfWork, rows: Sequence[Row], *, actor: str) -> None:
    """Makes the departments what the rows say, in their order; one that is not among them goes.

    Raises ServiceError `setup.bad_departments` with its fields, `setup.department_in_use`.
    """
    names = [row.name.strip() for row in rows]
    if not names or len(names) > MAX_DEPARTMENTS or not all(0 < len(name) <= MAX_NAME for name in names):
        raise invalid("setup.bad_departments", departments="invalid")
    if len(set(names)) < len(names):
        raise invalid("setup.departments_twice", departments="invalid")
    known = {department.id: department for department in queries.departments(uow)}
    kept = {row.id for row in rows}
    for department in known.values():
        if department.id not in kept:
            _remove(uow, department, actor)
    renamed = [(known[row.id], row.name.strip()) for row in rows if row.id in known]
    renamed = [(department, name) for department, name in renamed if department.name != name]
    before = {department.id: department.name for department, _ in renamed}
    for department, _ in renamed:
        department.name = f"\N{BULLET}{department.id}"
    uow.session.flush()  # two departments may change names with each other
    for department, name in renamed:
        department.name = name
        _record(uow, "renamed", department, actor, before=before[department.id])
    for place, row in enumerate(rows, start=1):
        if row.id in known:
            known[row.id].position = place
        else:
            made = Department(name=row.name.strip(), position=place)
            uow.session.add(made)
            uow.session.flush()  # the audit names it by id
            _record(uow, "created", made, actor)


def _remove(uow: UnitOfWork, department: Department, actor: str) -> None:
    _record(uow, "removed", department, actor, before=department.name)
    try:
        with uow.session.begin_nested():
            uow.session.delete(department)
    except IntegrityError as error:
        raise conflict("setup.department_in_use") from error


def _record(
    uow: UnitOfWork, verb: str, department: Department, actor: str, *, before: str | None = None
) -> None:
    audit.record(
        uow, actor=actor, action=f"department.{verb}", subject_kind="department", subject_id=department.id,
        before={"name": before} if before is not None else None,
        after={"name": department.name} if verb != "removed" else None,
    )  # fmt: skip
