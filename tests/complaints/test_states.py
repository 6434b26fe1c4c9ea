"""The one table of moves: complete, without dead ends, and no road to "done" by one person's wish."""

from itertools import product
from pathlib import Path

import pytest

from eservice.complaints.states import (
    MOVES,
    Actor,
    ComplaintState,
    Need,
    Standing,
    WaitingReason,
    is_open,
    missing,
    move_between,
    moves_from,
    standing,
    state_name,
    waiting_name,
)
from eservice.kit.text import LANGUAGES, Catalogue
from tests.source import ROOT

TEXTS = Catalogue(Path(ROOT / "eservice/text"))
S = ComplaintState


def test_no_move_is_declared_twice_and_none_leads_nowhere() -> None:
    keys = [(move.source, move.target, move.by) for move in MOVES]
    assert len(set(keys)) == len(keys)
    assert all(move.source is not move.target for move in MOVES)


@pytest.mark.parametrize(("source", "target", "by"), list(product(S, S, Actor)))
def test_every_question_has_an_answer(source: S, target: S, by: Actor) -> None:
    move = move_between(source, target, by)
    assert (
        (move in moves_from(source, by))
        if move
        else all(m.target is not target for m in moves_from(source, by))
    )
    if move is not None:
        assert missing(move, Need) is None
        assert missing(move, ()) is next((need for need in Need if need in move.needs), None)


def test_every_state_can_be_reached_and_only_a_withdrawal_is_final() -> None:
    reached, edge = {S.RECEIVED}, [S.RECEIVED]
    while edge:
        source = edge.pop()
        new = {move.target for move in MOVES if move.source is source} - reached
        reached |= new
        edge += new
    assert reached == set(S)
    assert {state for state in S if not any(moves_from(state, by) for by in Actor)} == {S.WITHDRAWN}


def test_only_work_in_progress_is_resolved_and_only_by_a_second_officer() -> None:
    roads = [move for move in MOVES if move.target is S.RESOLVED]
    assert [(move.source, move.by) for move in roads] == [(S.IN_PROGRESS, Actor.SECOND_OFFICER)]
    assert roads[0].needs >= {Need.PROPOSAL, Need.PHOTO}


def test_only_the_resident_or_their_silence_confirms() -> None:
    roads = {move.by: move.needs for move in MOVES if move.target is S.CONFIRMED}
    assert roads == {Actor.RESIDENT: frozenset(), Actor.SYSTEM: {Need.SILENCE}}


def test_only_the_resident_withdraws_and_refusing_needs_a_reason() -> None:
    assert {move.by for move in MOVES if move.target is S.WITHDRAWN} == {Actor.RESIDENT}
    assert all(Need.REASON in move.needs for move in MOVES if move.target in (S.REJECTED, S.REOPENED))
    assert all(Need.WAITING_REASON in move.needs for move in MOVES if move.target is S.WAITING)


def test_whatever_the_office_calls_over_the_resident_can_reopen() -> None:
    for state in (S.RESOLVED, S.CONFIRMED, S.REJECTED):
        move = move_between(state, S.REOPENED, Actor.RESIDENT)
        assert move is not None
        assert Need.WITHIN_WINDOW in move.needs


def test_only_the_residents_own_word_is_called_fixed() -> None:
    fixed = {
        (s, quiet)
        for s, quiet in product(S, (False, True))
        if standing(s, by_silence=quiet) is Standing.FIXED
    }
    assert fixed == {(S.CONFIRMED, False)}
    assert all((standing(state) is Standing.OPEN) is is_open(state) for state in S)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_reason_has_a_name_of_its_own(language: str) -> None:
    names = [state_name(TEXTS, state, language) for state in S]
    names.append(state_name(TEXTS, S.CONFIRMED, language, by_silence=True))
    names += [waiting_name(TEXTS, reason, language) for reason in WaitingReason]
    assert len(set(names)) == len(names) == len(S) + 1 + len(WaitingReason)
