"""The life of a complaint: its states and the one table of moves between them.

Code, pages, API and tests all ask this table; nothing else decides. Pure and total: no database, no clock,
an answer for every question. A complaint that the office calls done is *resolved*, not fixed: only the
resident's own word makes it fixed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from eservice.kit.text import Catalogue


class ComplaintState(StrEnum):
    """Where a complaint stands."""

    RECEIVED = "received"
    ASSIGNED = "assigned"  # to a department, perhaps to a person there
    IN_PROGRESS = "in_progress"
    NEEDS_INFORMATION = "needs_information"  # the office has asked the resident
    WAITING = "waiting"  # for somebody or something outside the department
    RESOLVED = "resolved"  # the office says that it is done
    CONFIRMED = "confirmed"  # the resident says so too, or said nothing
    REOPENED = "reopened"  # the resident says that it is not done
    REJECTED = "rejected"
    DUPLICATE = "duplicate"  # goes on in another complaint
    WITHDRAWN = "withdrawn"  # by the resident


class WaitingReason(StrEnum):
    """What a waiting complaint waits for."""

    BUDGET = "budget"
    PROCUREMENT = "procurement"
    OTHER_AGENCY = "other_agency"


class Actor(StrEnum):
    """In which part somebody acts on a complaint."""

    OFFICER = "officer"
    SECOND_OFFICER = "second_officer"  # another one than the officer who says that it is done
    RESIDENT = "resident"  # whose complaint it is
    SYSTEM = "system"


class Need(StrEnum):
    """What a move asks for."""

    NOTE = "note"  # words for the resident
    REASON = "reason"
    DEPARTMENT = "department"  # the complaint has one
    NO_DEPARTMENT = "no_department"
    WAITING_REASON = "waiting_reason"
    PROPOSAL = "proposal"  # an officer has said that it is done, with a note
    PHOTO = "photo"  # a new one, where the complaint's category asks for it
    PARENT = "parent"  # the complaint in which this one goes on
    PARENT_OVER = "parent_over"  # the complaint in which this one went on is called done, or refused
    WITHIN_WINDOW = "within_window"  # not too long ago did the office say that it is done
    SILENCE = "silence"  # long enough has the resident said nothing


@dataclass(frozen=True, kw_only=True)
class Move:
    """One allowed change: from where to where, by whom, and all that it needs."""

    source: ComplaintState
    target: ComplaintState
    by: Actor
    needs: frozenset[Need] = frozenset()


class Standing(StrEnum):
    """What a state means to somebody who only wants to know whether it is fixed."""

    OPEN = "open"
    SAID_DONE = "said_done"  # by the office alone
    FIXED = "fixed"  # by the resident's own word
    UNANSWERED = "unanswered"  # the office says done, the resident said nothing
    ENDED = "ended"  # without being fixed


_S = ComplaintState
_AT_WORK = (_S.ASSIGNED, _S.IN_PROGRESS, _S.NEEDS_INFORMATION, _S.WAITING, _S.REOPENED)
_OPEN = (_S.RECEIVED, *_AT_WORK)


def _moves(sources: Iterable[ComplaintState], target: ComplaintState, by: Actor, *needs: Need) -> list[Move]:
    return [Move(source=source, target=target, by=by, needs=frozenset(needs)) for source in sources]


MOVES: tuple[Move, ...] = (
    *_moves((_S.RECEIVED, *_AT_WORK[1:]), _S.ASSIGNED, Actor.OFFICER, Need.DEPARTMENT),
    *_moves((_S.RECEIVED,), _S.ASSIGNED, Actor.SYSTEM, Need.DEPARTMENT),  # by its category
    *_moves(
        (_S.ASSIGNED, _S.NEEDS_INFORMATION, _S.WAITING, _S.REOPENED),
        _S.IN_PROGRESS,
        Actor.OFFICER,
        Need.DEPARTMENT,
    ),
    *_moves(
        (_S.RECEIVED, _S.ASSIGNED, _S.IN_PROGRESS, _S.WAITING, _S.REOPENED),
        _S.NEEDS_INFORMATION,
        Actor.OFFICER,
        Need.NOTE,
    ),
    *_moves((_S.NEEDS_INFORMATION,), _S.RECEIVED, Actor.RESIDENT, Need.NO_DEPARTMENT),
    *_moves((_S.NEEDS_INFORMATION,), _S.ASSIGNED, Actor.RESIDENT, Need.DEPARTMENT),
    *_moves(
        (_S.ASSIGNED, _S.IN_PROGRESS, _S.REOPENED),
        _S.WAITING,
        Actor.OFFICER,
        Need.DEPARTMENT,
        Need.WAITING_REASON,
        Need.REASON,
    ),
    *_moves((_S.IN_PROGRESS,), _S.RESOLVED, Actor.SECOND_OFFICER, Need.PROPOSAL, Need.PHOTO),
    *_moves((_S.RESOLVED,), _S.CONFIRMED, Actor.RESIDENT),
    *_moves((_S.RESOLVED,), _S.CONFIRMED, Actor.SYSTEM, Need.SILENCE),
    *_moves(
        (_S.RESOLVED, _S.CONFIRMED, _S.REJECTED),
        _S.REOPENED,
        Actor.RESIDENT,
        Need.REASON,
        Need.WITHIN_WINDOW,
    ),
    *_moves((_S.DUPLICATE,), _S.REOPENED, Actor.RESIDENT, Need.REASON, Need.WITHIN_WINDOW, Need.PARENT_OVER),
    *_moves((_S.RESOLVED, _S.CONFIRMED, _S.REJECTED), _S.REOPENED, Actor.OFFICER, Need.REASON),
    *_moves(_OPEN, _S.REJECTED, Actor.OFFICER, Need.REASON),
    *_moves(_OPEN, _S.DUPLICATE, Actor.OFFICER, Need.PARENT),
    *_moves((_S.DUPLICATE,), _S.RECEIVED, Actor.OFFICER, Need.REASON, Need.NO_DEPARTMENT),
    *_moves((_S.DUPLICATE,), _S.ASSIGNED, Actor.OFFICER, Need.REASON, Need.DEPARTMENT),
    *_moves(_OPEN, _S.WITHDRAWN, Actor.RESIDENT),
)

_TABLE = {(move.source, move.target, move.by): move for move in MOVES}


def move_between(source: ComplaintState, target: ComplaintState, by: Actor) -> Move | None:
    """The move, or None where there is none."""
    return _TABLE.get((source, target, by))


def moves_from(source: ComplaintState, by: Actor) -> tuple[Move, ...]:
    """What they may do next, in the order of the table."""
    return tuple(move for move in MOVES if move.source is source and move.by is by)


def missing(move: Move, given: Iterable[Need]) -> Need | None:
    """The first need, in the order of their declaration, that is not met; None when all are."""
    lacking = move.needs.difference(given)
    return next((need for need in Need if need in lacking), None)


def is_open(state: ComplaintState) -> bool:
    """Whether the office still owes work."""
    return state in _OPEN


def standing(state: ComplaintState, *, by_silence: bool = False) -> Standing:
    """What the state means; `by_silence`: it was confirmed because the resident said nothing."""
    match state:
        case _S.RESOLVED:
            return Standing.SAID_DONE
        case _S.CONFIRMED:
            return Standing.UNANSWERED if by_silence else Standing.FIXED
        case _S.REJECTED | _S.DUPLICATE | _S.WITHDRAWN:
            return Standing.ENDED
        case _S.RECEIVED | _S.ASSIGNED | _S.IN_PROGRESS | _S.NEEDS_INFORMATION | _S.WAITING | _S.REOPENED:
            return Standing.OPEN
        case _:
            assert_never(state)


def state_name(texts: Catalogue, state: ComplaintState, language: str, *, by_silence: bool = False) -> str:
    """The state's name for people. What nobody has confirmed is not called fixed."""
    if standing(state, by_silence=by_silence) is Standing.UNANSWERED:
        return texts.get("complaint_states.unanswered", language)
    return texts.get(f"complaint_states.{state}", language)


def state_meaning(texts: Catalogue, state: ComplaintState, language: str, *, by_silence: bool = False) -> str:
    """What the state does and does not say: accepted is not read, closed is not fixed."""
    if standing(state, by_silence=by_silence) is Standing.UNANSWERED:
        return texts.get("complaint_meanings.unanswered", language)
    return texts.get(f"complaint_meanings.{state}", language)


def waiting_name(texts: Catalogue, reason: WaitingReason, language: str) -> str:
    """What a waiting complaint waits for, for people."""
    return texts.get(f"complaint_waiting.{reason}", language)
