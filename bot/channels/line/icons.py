"""Turns the product's own line icons into points, so that a picture shows what the pages show.

Reads `icons.svg` of the web pages: symbols on a grid of 24, made of paths, circles and ellipses. All of SVG's
path commands that the icons use are known: M L H V C S A and Z, absolute and relative.
"""

import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree

import eservice.kit.web

GRID = 24
STROKE = 1.75

Point: TypeAlias = tuple[float, float]

_FILE = Path(eservice.kit.web.__file__).parent / "static" / "icons.svg"
_SVG = "{http://www.w3.org/2000/svg}"
_TOKEN = re.compile(r"[A-Za-z]|-?\d*\.?\d+")
_NUMBERS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "A": 7, "Z": 0}
_STEPS = 24  # segments of one curve: smooth at the size of a tile


def strokes(name: str) -> list[list[Point]]:
    """The lines of the icon called `name`, each a list of points on the grid. Raises KeyError if unknown."""
    return [stroke for shape in _symbols()[name] for stroke in _strokes_of(shape)]


def names() -> frozenset[str]:
    """All icons there are."""
    return frozenset(_symbols())


@cache
def _symbols() -> dict[str, list[ElementTree.Element]]:
    root = ElementTree.parse(_FILE).getroot()  # noqa: S314  # our own file, shipped with the product
    return {symbol.attrib["id"]: list(symbol) for symbol in root.iter(f"{_SVG}symbol")}


def _strokes_of(shape: ElementTree.Element) -> Iterator[list[Point]]:
    kind = shape.tag.removeprefix(_SVG)
    if kind == "path":
        yield from _path(shape.attrib["d"])
        return
    centre = float(shape.attrib["cx"]), float(shape.attrib["cy"])
    across, down = (float(shape.attrib["r" if kind == "circle" else name]) for name in ("rx", "ry"))
    turns = (2 * math.pi * step / (2 * _STEPS) for step in range(2 * _STEPS + 1))
    yield [(centre[0] + across * math.cos(turn), centre[1] + down * math.sin(turn)) for turn in turns]


def _path(data: str) -> Iterator[list[Point]]:
    """The subpaths of an SVG path, curves as short segments."""
    stroke: list[Point] = []
    at: Point = (0.0, 0.0)
    control: Point | None = None  # the last control point of a cubic curve, which S mirrors
    for command, numbers in _commands(data):
        kind = command.upper()
        dx, dy = at if command.islower() else (0.0, 0.0)
        if kind == "Z":
            stroke.append(stroke[0])
            at = stroke[0]
            continue
        if kind == "M":
            if len(stroke) > 1:
                yield stroke
            at = (numbers[0] + dx, numbers[1] + dy)
            stroke, control = [at], None
            continue
        if len(stroke) > 1 and stroke[0] == stroke[-1] == at:  # drawing goes on after Z
            yield stroke
            stroke = [at]
        before = control
        control = None
        if kind == "L":
            stroke.append((numbers[0] + dx, numbers[1] + dy))
        elif kind == "H":
            stroke.append((numbers[0] + dx, at[1]))
        elif kind == "V":
            stroke.append((at[0], numbers[0] + dy))
        elif kind in "CS":
            points = [(x + dx, y + dy) for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
            if kind == "S":
                mirrored = (2 * at[0] - before[0], 2 * at[1] - before[1]) if before else at
                points = [mirrored, *points]
            stroke.extend(_cubic(at, *points))
            control = points[1]
        else:
            end = (numbers[5] + dx, numbers[6] + dy)
            stroke.extend(_arc(at, numbers[0], numbers[1], numbers[3] != 0, numbers[4] != 0, end))
        at = stroke[-1]
    if len(stroke) > 1:
        yield stroke


def _commands(data: str) -> Iterator[tuple[str, list[float]]]:
    """Each command with its numbers; a command letter may be followed by several sets of them."""
    tokens: list[str] = _TOKEN.findall(data)
    index = 0
    while index < len(tokens):
        command = tokens[index]
        index += 1
        count = _NUMBERS[command.upper()]
        first = True
        while first or (count and index < len(tokens) and not tokens[index].isalpha()):
            yield command, [float(token) for token in tokens[index : index + count]]
            index += count
            first = False
            command = {"M": "L", "m": "l"}.get(command, command)


def _cubic(start: Point, one: Point, two: Point, end: Point) -> Iterator[Point]:
    for step in range(1, _STEPS + 1):
        t = step / _STEPS
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        points = (start, one, two, end)
        yield (
            sum(weight * point[0] for weight, point in zip(weights, points, strict=True)),
            sum(weight * point[1] for weight, point in zip(weights, points, strict=True)),
        )


def _arc(start: Point, rx: float, ry: float, large: bool, sweep: bool, end: Point) -> Iterator[Point]:
    """An unrotated elliptical arc, from its end points to its centre as SVG's appendix says."""
    half_x, half_y = (start[0] - end[0]) / 2, (start[1] - end[1]) / 2
    scale = math.sqrt(max((half_x / rx) ** 2 + (half_y / ry) ** 2, 1.0))
    rx, ry = rx * scale, ry * scale
    spread = (half_x / rx) ** 2 + (half_y / ry) ** 2
    factor = math.sqrt(max(1 / spread - 1, 0.0)) * (-1 if large == sweep else 1)
    offset_x, offset_y = factor * rx * half_y / ry, -factor * ry * half_x / rx
    centre = (offset_x + (start[0] + end[0]) / 2, offset_y + (start[1] + end[1]) / 2)
    first = math.atan2((half_y - offset_y) / ry, (half_x - offset_x) / rx)
    last = math.atan2((-half_y - offset_y) / ry, (-half_x - offset_x) / rx)
    turn = last - first
    if sweep and turn < 0:
        turn += 2 * math.pi
    if not sweep and turn > 0:
        turn -= 2 * math.pi
    for step in range(1, _STEPS + 1):
        angle = first + turn * step / _STEPS
        yield centre[0] + rx * math.cos(angle), centre[1] + ry * math.sin(angle)
