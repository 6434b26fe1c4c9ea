"""A short question after an answer: "เอกสาร", "ไปที่ไหน", "แล้วต้องใช้เอกสารอะไร" are about what was answered.

Two kinds are told apart. A bare one names no subject at all ("กี่บาท"): whatever it is about was said before, so
only entries of that subject can answer it, or the same entry again. Any other is about the entry before when it
says so ("แล้ว…") or makes more sense that way, and agrees with the entry it would then be answered with.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from knowledge.search.analysis import AnalysedText, Question, analyse_phrasing
from knowledge.search.calibration import Calibration
from knowledge.search.decision import confidence
from knowledge.search.scoring import Floats, Scores, score
from knowledge.search.snapshot import Snapshot
from knowledge.thai import Segmenter

_CONTEXT_IMPORTANCE = 0.5
_LONGEST = 40
_KNOWN_ENOUGH = 0.3
_AGREEING_SHARE = 0.5
_ASKED_SHARE = 0.5  # of the best score of the question alone: so well must an entry answer what is asked
_SUBJECT_SHARE = 0.3  # of the score of the entry before for its own subject: so near must another be to it
_SUBJECT_POWER = 1.5  # an entry beside the subject is a worse slip than one beside what is asked
_CLEARLY_SECOND = 0.7
_SURELY_ASKED = 0.55
_SURELY_NEAR = 0.375
SURE_CONFIDENCE = 0.85
CHOICE_CONFIDENCE = 0.5
AGAIN_CONFIDENCE = 0.3
"""How sure each kind is: of 1,436 sides of the demo office's matters asked in one to four words, 94 in 100
answers were right, and half of the choices held the right entry."""

# Words that ask for a side of a matter and say nothing of which matter it is.
_SIDES = """
ใช้ ใช้อะไร ต้อง อะไร อะไรบ้าง บ้าง ไร เอกสาร เอกสารอะไร หลักฐาน เตรียม เอา ถือ พก มี
ขั้นตอน ทำ ทำยังไง ยังไง อย่างไร แบบไหน ยัง ไง
ไป ที่ไหน ไหน ตรงไหน แถวไหน ที่ ไปที่ไหน ติดต่อ ยื่น ออนไลน์ โอน ทาง
กี่ บาท กี่บาท เท่าไร เท่าไหร่ เงิน ค่า เสีย เสียเงิน จ่าย ค่าใช้จ่าย ค่าธรรมเนียม ฟรี ราคา
ถ้า ช้า สาย เกิน กำหนด เลยกำหนด เกินกำหนด ปรับ ค่าปรับ โดน โดนปรับ ลืม ไม่ ไม่จ่าย
เมื่อไร เมื่อไหร่ วันไหน เดือนไหน ตอนไหน กี่วัน กี่เดือน กี่ปี วัน เดือน ภายใน นาน แค่ไหน รอ
ใคร แทน ทำแทน คนอื่น ได้ ไหม มั้ย หรือ หรือเปล่า เปล่า ล่ะ แล้ว ด้วย ก่อน
"""
_SUBJECTLESS = frozenset(_SIDES.split())


def follow(
    snapshot: Snapshot,
    segmenter: Segmenter,
    calibration: Calibration,
    question: Question,
    alone: Scores,
    probability: float,
    previous: str,
) -> tuple[Scores, float] | None:
    """The scores and the confidence when the question is read as being about the entry `previous`.

    `alone` and `probability` are those of the question by itself. None when it is to be read by itself.
    """
    row = snapshot.row_of.get(previous)
    # However sure it seems: without a subject it is sure of one that happens to be asked in few words.
    is_bare = set(question.words) <= _SUBJECTLESS
    is_weak = probability < calibration.answer_threshold
    if (
        row is None
        or not question.words
        or len(question.text) > _LONGEST
        or not (is_bare or is_weak or question.follows)
    ):
        return None
    subject = snapshot.phrasings[snapshot.units_of(row)[0]].text
    if is_bare:
        own = score(snapshot, analyse_phrasing(subject, segmenter), subject)
        return _within_subject(alone, own, row)
    if len(alone.rows) == 0 or alone.known.min() < _KNOWN_ENOUGH:
        return None
    joint = _score_together(snapshot, segmenter, question, subject)
    joint_probability = confidence(question, joint, calibration)
    better = question.follows or joint_probability > probability
    return (joint, joint_probability) if better and _agrees(alone, int(joint.rows[0])) else None


def _within_subject(alone: Scores, subject: Scores, row: int) -> tuple[Scores, float] | None:
    """The entries near the subject that answer what is asked, best first; none: the entry before by itself."""
    asked = _share_of(alone, alone.rows)
    near = _share_of(subject, alone.rows)
    fits = (asked >= _ASKED_SHARE) & (near >= _SUBJECT_SHARE)
    fit = np.where(fits, asked * near**_SUBJECT_POWER, 0.0)
    order = np.argsort(-fit, kind="stable")[: int(fits.sum())]
    if len(order) == 0:
        place = np.flatnonzero(subject.rows == row)
        return (_only(subject, place, subject.fused[place]), AGAIN_CONFIDENCE) if len(place) else None
    is_ahead = len(order) == 1 or fit[order[1]] < _CLEARLY_SECOND * fit[order[0]]
    is_clear = is_ahead and asked[order[0]] >= _SURELY_ASKED and near[order[0]] >= _SURELY_NEAR
    return _only(alone, order, fit[order]), SURE_CONFIDENCE if is_clear else CHOICE_CONFIDENCE


def _share_of(scores: Scores, rows: npt.NDArray[np.int64]) -> Floats:
    """The score of each of these rows over the best score; 0 for those that are no candidates."""
    shares = dict(
        zip(scores.rows.tolist(), (scores.fused / max(float(scores.fused[0]), 1e-9)).tolist(), strict=True)
    )
    return np.array([max(shares.get(row, 0.0), 0.0) for row in rows.tolist()])


def _only(scores: Scores, order: npt.NDArray[np.int64], fused: Floats) -> Scores:
    return replace(scores, rows=scores.rows[order], fused=fused, features=scores.features[:, order])


def _score_together(snapshot: Snapshot, segmenter: Segmenter, question: Question, subject: str) -> Scores:
    """Scores of the question together with the subject of the entry before."""
    context = analyse_phrasing(subject, segmenter)
    keys = np.union1d(question.analysed.keys, context.keys)
    importance = np.where(np.isin(keys, question.analysed.keys), 1.0, _CONTEXT_IMPORTANCE)
    return score(snapshot, AnalysedText.of(keys), subject + question.text, importance)


def _agrees(alone: Scores, row: int) -> bool:
    """Whether the question by itself speaks for this entry too; the subject alone must not answer."""
    (place,) = np.nonzero(alone.rows == row)
    return len(place) > 0 and bool(alone.fused[place[0]] >= _AGREEING_SHARE * alone.fused[0])
