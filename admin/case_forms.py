"""Which forms a complaint's page offers: exactly the moves that the one table allows to this person now."""

from dataclasses import dataclass

from eservice.complaints.models import Complaint
from eservice.complaints.states import Actor, ComplaintState, Move, Need, is_open, moves_from
from eservice.staff.permissions import Permission, Principal, may

_KEYS_OF_WORK = {
    ComplaintState.IN_PROGRESS: "begin",
    ComplaintState.NEEDS_INFORMATION: "ask",
    ComplaintState.WAITING: "wait",
    ComplaintState.REJECTED: "reject",
    ComplaintState.REOPENED: "reopen",
    ComplaintState.DUPLICATE: "merge",
}
"""The form for each state that an officer leads a complaint into by working on it."""

_FIELDS = {
    Need.NOTE: "note",
    Need.WAITING_REASON: "waiting_reason",
    Need.REASON: "reason",
    Need.PARENT: "parent",
}
_NEXT = frozenset({"begin", "propose", "agree"})
_BY_MOVE = frozenset({"begin", "ask", "wait", "reject", "reopen"})


@dataclass(frozen=True, kw_only=True)
class MoveForm:
    """One form. `key` names its route; `fields` are what it asks for, all of them needed."""

    key: str
    target: ComplaintState | None
    fields: tuple[str, ...]
    goes_on: bool = False  # with work that has rested

    @property
    def words(self) -> str:
        """The name of its words among the texts."""
        return "go_on" if self.goes_on else self.key

    @property
    def is_next(self) -> bool:
        """Whether it leads the complaint on towards its end."""
        return self.key in _NEXT

    @property
    def route(self) -> str:
        """The last part of the address that it posts to."""
        return "move" if self.key in _BY_MOVE else self.key.replace("_", "-")


def forms_for(complaint: Complaint, staff: Principal, *, jumps_queue: bool) -> list[MoveForm]:
    """The forms for this person, the next step first. `jumps_queue`: another complaint's turn comes before."""
    found: list[MoveForm] = []
    if may(staff, Permission.CASE_WORK, complaint.department_id):
        has_department = complaint.department_id is not None
        found += [
            _form(move, jumps_queue=jumps_queue)
            for move in moves_from(complaint.state, Actor.OFFICER)
            if move.target in _KEYS_OF_WORK or move.source is ComplaintState.DUPLICATE
            if _fits(move, has_department=has_department)
        ]
    if may(staff, Permission.CASE_HAND_ON, complaint.department_id) and is_open(complaint.state):
        found.append(MoveForm(key="hand_on", target=ComplaintState.ASSIGNED, fields=("to",)))
        found.append(MoveForm(key="accuse", target=None, fields=("accused",)))
    found += _ending(complaint, staff)
    return sorted(found, key=lambda form: not form.is_next)


def _form(move: Move, *, jumps_queue: bool) -> MoveForm:
    key = "split" if move.source is ComplaintState.DUPLICATE else _KEYS_OF_WORK[move.target]
    fields = tuple(field for need, field in _FIELDS.items() if need in move.needs)
    if key == "begin" and jumps_queue:
        fields = (*fields, "reason")
    goes_on = key == "begin" and move.source in (ComplaintState.WAITING, ComplaintState.NEEDS_INFORMATION)
    return MoveForm(key=key, target=move.target, fields=fields, goes_on=goes_on)


def _fits(move: Move, *, has_department: bool) -> bool:
    if Need.DEPARTMENT in move.needs:
        return has_department
    return Need.NO_DEPARTMENT not in move.needs or not has_department


def _ending(complaint: Complaint, staff: Principal) -> list[MoveForm]:
    """Calling the work done takes two: one proposes, another agrees or says why not."""
    if not any(move.target is ComplaintState.RESOLVED for move in moves_from(complaint.state, Actor.SECOND_OFFICER)):  # fmt: skip
        return []
    if complaint.proposed_by_id is None:
        allowed = may(staff, Permission.CASE_WORK, complaint.department_id)
        return [MoveForm(key="propose", target=None, fields=("note",))] if allowed else []
    is_another = complaint.proposed_by_id != staff.account_id
    if not (is_another and may(staff, Permission.CASE_CHECK, complaint.department_id)):
        return []
    return [
        MoveForm(key="agree", target=ComplaintState.RESOLVED, fields=()),
        MoveForm(key="disagree", target=None, fields=("reason",)),
    ]
