"""Learning what is sure enough: fit, thresholds, and what would happen at a setting."""

import math

import numpy as np
import pytest

from knowledge.search import Calibration
from knowledge.search.recalibration import (
    ANSWER_PERCENTS,
    Ground,
    Judged,
    Outcome,
    Recalibration,
    cautious,
    fit,
    picture,
    recalibrate,
)

SHIPPED = Calibration()


def questions(
    number: int,
    *,
    slope: float = 1.0,
    shift: float = 0.0,
    unanswerable: float = 0.5,
    seed: int = 1,
    weight: float = 1.0,
) -> list[Judged]:
    """Questions whose first candidate is right as often as evidence, so stretched and moved, says."""
    random = np.random.default_rng(seed)
    made = []
    for evidence in random.normal(1.5, 2.5, number):
        right = bool(random.random() < 1 / (1 + math.exp(-(slope * evidence + shift))))
        has_entry = right or bool(random.random() >= unanswerable)
        offered = right or (has_entry and bool(random.random() < 0.5))
        made.append(
            Judged(
                evidence=float(evidence),
                is_first_right=right,
                is_offered=offered,
                has_entry=has_entry,
                weight=weight,
            )
        )
    return made


def asked(evidence: float, *, right: bool, offered: bool | None = None, has_entry: bool = True) -> Judged:
    return Judged(
        evidence=evidence,
        is_first_right=right,
        is_offered=right if offered is None else offered,
        has_entry=has_entry,
    )


def learned(sample: list[Judged], wanted: float = 0.95, present: Calibration = SHIPPED) -> Recalibration:
    return recalibrate(sample, present, wanted_share=wanted)


def share_right(sample: list[Judged], calibration: Calibration) -> float:
    seen = picture(sample, calibration)
    return seen.total(Outcome.RIGHT) / seen.answered


def test_without_questions_the_shipped_numbers_stay() -> None:
    result = learned([])
    assert result.calibration == SHIPPED
    assert result.ground is Ground.TOO_FEW
    assert (result.share.measured, result.share.cautious) == (0.0, 0.0)


def test_many_questions_are_believed_and_twenty_are_not() -> None:
    many = learned(questions(4_000, slope=0.6, shift=-1.0)).calibration
    assert many.slope == pytest.approx(0.6, abs=0.08)
    assert many.shift == pytest.approx(-1.0, abs=0.15)
    few = learned(questions(20, slope=0.6, shift=-1.0)).calibration
    assert abs(few.slope - 1) < 0.25 and abs(few.shift) < 0.3


def test_what_agrees_with_the_shipped_numbers_changes_little() -> None:
    result = learned(questions(1_000)).calibration
    assert result.slope == pytest.approx(1.0, abs=0.12)
    assert result.shift == pytest.approx(0.0, abs=0.15)


def test_a_light_question_teaches_less_than_a_heavy_one() -> None:
    heavy = learned(questions(200, shift=-2.0)).calibration
    light = learned(questions(200, shift=-2.0, weight=0.1)).calibration
    assert heavy.shift < light.shift < 0


@pytest.mark.parametrize("evidence", [-40.0, -2.0, 0.0, 3.0, 500.0, -math.inf])
@pytest.mark.parametrize("right", [True, False])
def test_any_sample_gives_usable_numbers(evidence: float, right: bool) -> None:
    result = learned([asked(evidence, right=right)] * 300)
    found = result.calibration
    assert found.slope > 0 and math.isfinite(found.shift)
    assert 0.5 <= found.answer_threshold <= 0.99
    assert 0.05 <= found.clarify_threshold <= found.answer_threshold


def test_evidence_that_misleads_never_turns_the_order_round() -> None:
    slope, _ = fit(np.array([-5.0, 5.0] * 500), np.array([1.0, 0.0] * 500), np.ones(1_000))
    assert slope > 0


def test_the_promise_holds_on_other_questions_of_the_same_kind() -> None:
    result = learned(questions(1_500, slope=0.7, shift=-0.5))
    assert result.ground is Ground.PROMISED
    assert result.share.cautious >= 0.95
    fresh = questions(20_000, slope=0.7, shift=-0.5, seed=2)
    assert share_right(fresh, result.calibration) >= 0.95


def test_a_higher_promise_answers_fewer_questions() -> None:
    sample = questions(2_000)
    settings = [learned(sample, wanted).calibration for wanted in (0.9, 0.95, 0.98)]
    answered = [picture(sample, setting).answered for setting in settings]
    assert answered == sorted(answered, reverse=True) and answered[0] > answered[-1]


def test_an_honest_promise_answers_no_fewer_than_need_be() -> None:
    sample = questions(2_000)
    found = learned(sample).calibration
    lower = Calibration(
        slope=found.slope, shift=found.shift, answer_threshold=found.answer_threshold - 0.03,
        clarify_threshold=0.1,
    )  # fmt: skip
    seen = picture(sample, lower)
    assert cautious(seen.total(Outcome.RIGHT), seen.answered) < 0.95


def test_few_right_questions_promise_nothing_and_move_no_threshold() -> None:
    result = learned([asked(3.0, right=True)] * 12)
    assert result.ground is Ground.TOO_FEW
    assert result.calibration.answer_threshold == SHIPPED.answer_threshold


def test_where_no_threshold_is_right_often_enough_the_safest_is_taken() -> None:
    random = np.random.default_rng(3)
    sample = [asked(3.0 + random.random(), right=bool(random.random() < 0.6)) for _ in range(400)]
    result = learned(sample)
    assert result.ground is Ground.OUT_OF_REACH
    assert result.calibration.answer_threshold >= SHIPPED.answer_threshold
    assert result.share.measured < 0.95


def test_what_was_always_wrong_is_answered_no_more() -> None:
    sample = [asked(2.0, right=False, has_entry=False)] * 400
    result = learned(sample)
    assert picture(sample, result.calibration).answered == 0
    assert result.is_better


def test_what_was_just_found_cannot_be_bettered() -> None:
    for wanted in (0.5, 0.9, 0.95, 0.98, 0.999):
        sample = questions(2_000, slope=0.7, shift=-0.5)
        again = learned(sample, wanted, present=learned(sample, wanted).calibration)
        assert not again.is_better
        assert again.present_share == again.share


def test_a_setting_that_keeps_no_promise_or_answers_little_can_be_bettered() -> None:
    sample = questions(2_000)
    assert learned(sample, present=Calibration(answer_threshold=0.5)).is_better
    assert learned(sample, present=Calibration(answer_threshold=0.99)).is_better


def test_further_answers_that_are_as_often_wrong_as_right_make_nothing_better() -> None:
    sure = [asked(4.0, right=True)] * 300
    doubtful = [asked(1.0, right=right, has_entry=right) for right in (True, False) for _ in range(5)]
    result = learned([*sure, *doubtful], present=Calibration(answer_threshold=0.9))
    assert picture([*sure, *doubtful], result.calibration).answered == 310
    assert result.share.cautious >= 0.95
    assert not result.is_better
    right = [asked(1.0, right=True)] * 40
    assert learned([*sure, *doubtful, *right], present=Calibration(answer_threshold=0.9)).is_better


def test_without_questions_that_nothing_answers_the_threshold_is_not_lowered() -> None:
    sample = [asked(evidence, right=True) for evidence in np.linspace(0.2, 4, 500)]
    assert learned(sample).calibration.answer_threshold == SHIPPED.answer_threshold
    mixed = sample + [asked(-4.0, right=False, has_entry=False)] * 100
    assert learned(mixed).calibration.answer_threshold < SHIPPED.answer_threshold
    assert min(ANSWER_PERCENTS) / 100 <= learned(mixed).calibration.answer_threshold


def test_asking_back_begins_where_choices_help() -> None:
    helpful = [asked(evidence, right=False, offered=True) for evidence in np.linspace(-4, 0, 400)]
    useless = [asked(evidence, right=False, offered=False) for evidence in np.linspace(-4, 0, 400)]
    usual = SHIPPED.clarify_threshold
    assert picture_of_choices(helpful) > picture_of_choices(useless)
    unknown = [
        Judged(evidence=-1.0, is_first_right=False, is_offered=None) for _ in range(3)
    ]  # says nothing of choices
    assert learned(unknown).calibration.clarify_threshold == pytest.approx(usual, abs=0.02)


def picture_of_choices(sample: list[Judged]) -> int:
    """How many are asked back under what is learned from them."""
    seen = picture(sample, learned(sample).calibration)
    return seen.total(Outcome.OFFERED) + seen.total(Outcome.MISSED)


def test_every_question_has_its_place_in_the_picture() -> None:
    setting = Calibration(answer_threshold=0.7, clarify_threshold=0.2)
    sample = [
        asked(4.0, right=True),
        asked(4.0, right=False, offered=True),
        asked(0.0, right=False, offered=True),
        asked(0.0, right=False, offered=False),
        asked(-4.0, right=True),
        asked(-math.inf, right=False),
        asked(4.0, right=False, has_entry=False),
        asked(0.0, right=False, has_entry=False),
        asked(-4.0, right=False, has_entry=False),
    ]
    seen = picture(sample, setting)
    assert seen.with_entry == {"right": 1, "wrong": 1, "offered": 1, "missed": 1, "handed": 2}
    assert seen.without_entry == {"right": 0, "wrong": 1, "offered": 0, "missed": 1, "handed": 1}
    assert seen.answered == 3
    assert picture([], setting).answered == 0


def test_a_cautious_share_is_below_the_measured_one_and_grows_with_the_number() -> None:
    assert cautious(0, 0) == 0.0
    assert 0 < cautious(9, 10) < cautious(90, 100) < cautious(900, 1_000) < 0.9
    assert cautious(30, 30) < 0.95 < cautious(40, 40)
    assert cautious(0, 50) == pytest.approx(0.0, abs=1e-12)
