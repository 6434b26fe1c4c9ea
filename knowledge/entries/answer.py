"""The shape of an answer's text: a headline, then plain lines, bullets, steps and rows of a small table.

Pure. Authors write plain lines; nothing here is markup that could be wrong.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_BULLET = re.compile(r"[-•*–]\s+(?P<text>.+)")
_STEP = re.compile(r"(?P<number>[0-9๐-๙]{1,2})[.)]\s+(?P<text>.+)")
_ROW = re.compile(r"(?P<left>[^|]*[^|\s])\s*\|\s*(?P<right>\S.*)")


class LineKind(StrEnum):
    """How a line of an answer is shown."""

    PLAIN = "plain"
    BULLET = "bullet"
    STEP = "step"
    ROW = "row"


@dataclass(frozen=True)
class AnswerLine:
    """One line below the headline. `lead` is the number of a step, or the left cell of a row; else empty."""

    kind: LineKind
    text: str
    lead: str = ""


@dataclass(frozen=True)
class AnswerParts:
    """An answer taken apart; `lines` has everything below the headline, in order."""

    headline: str
    lines: tuple[AnswerLine, ...]

    @property
    def body(self) -> str:
        """All lines that are not rows of the table, as text; bullets begin with "• ", steps with "1. "."""
        return "\n".join(_as_text(line) for line in self.lines if line.kind is not LineKind.ROW)

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The table: (left, right) of every row."""
        return tuple((line.lead, line.text) for line in self.lines if line.kind is LineKind.ROW)


def parse_answer(text: str) -> AnswerParts:
    """Takes an answer's text apart. The first line that is not blank is the headline, whatever its form."""
    lines = [stripped for line in text.splitlines() if (stripped := line.strip())]
    if not lines:
        return AnswerParts("", ())
    return AnswerParts(lines[0], tuple(_parse_line(line) for line in lines[1:]))


def _parse_line(line: str) -> AnswerLine:
    if row := _ROW.fullmatch(line):
        return AnswerLine(LineKind.ROW, row["right"], row["left"])
    if bullet := _BULLET.fullmatch(line):
        return AnswerLine(LineKind.BULLET, bullet["text"])
    if step := _STEP.fullmatch(line):
        return AnswerLine(LineKind.STEP, step["text"], step["number"])
    return AnswerLine(LineKind.PLAIN, line)


def _as_text(line: AnswerLine) -> str:
    match line.kind:
        case LineKind.BULLET:
            return f"• {line.text}"
        case LineKind.STEP:
            return f"{line.lead}. {line.text}"
        case _:
            return line.text
