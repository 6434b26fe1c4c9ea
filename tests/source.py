"""Reading our own source, for tests of conventions."""

import ast
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("admin", "bot", "eservice", "knowledge")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

PLACEHOLDER = r"[\w.-]+"
"""What a placeholder within a key can stand for, as a regular expression."""

_QUOTED = re.compile(r'(?<=")[\w.-]+(?=")')


def product_files(*endings: str) -> list[Path]:
    """The product's own files with one of the endings, e.g. ".py"; vendored ones are not ours."""
    found = [path for name in PACKAGES for path in (ROOT / name).rglob("*") if path.suffix in endings]
    if ".py" in endings:
        found += ROOT.glob("*.py")
    return sorted(path for path in found if "vendor" not in path.parts and "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    """The path as people write it, from the project's folder."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree_of(path: Path) -> ast.Module:
    """The parsed module."""
    return ast.parse(path.read_text(encoding="utf-8"))


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[Path, ast.AST]]:
    """Every node of these kinds in the product, with its file."""
    for path, node in _all_nodes():
        if isinstance(node, kinds):
            yield path, node


@cache
def _all_nodes() -> list[tuple[Path, ast.AST]]:
    """A list, because thirty tests look through half a million nodes."""
    return [(path, node) for path in product_files(".py") for node in ast.walk(tree_of(path))]


def called_name(call: ast.Call) -> str:
    """`get` for `texts.get(...)`, `redirect` for `redirect(...)`."""
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def joined_pattern(joined: ast.JoinedStr) -> str:
    """What an f-string can become, as a regular expression."""
    parts = (
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else PLACEHOLDER
        for part in joined.values
    )
    return "".join(parts)


def strings_of_python() -> set[str]:
    """Every plain string of the product's Python."""
    return {
        node.value
        for _, node in nodes(ast.Constant)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def strings_of_templates() -> set[str]:
    """Everything of a key's letters between quotes in the templates."""
    return {
        found
        for path in product_files(".html")
        for found in _QUOTED.findall(path.read_text(encoding="utf-8"))
    }
