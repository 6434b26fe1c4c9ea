"""What a function of ours comes to call, by itself or through others: read from the source, nothing is run."""

import ast
from functools import cache

from tests.source import ROOT, tree_of

Place = tuple[str, str]
"""A file as people write it, and a name in it."""

RECORDED: frozenset[Place] = frozenset({("eservice/kit/audit.py", "record")})
NOTED: frozenset[Place] = frozenset({("eservice/kit/audit.py", "note_reading")})


def file_of(module: str) -> str:
    """The file of a module of ours, "" for others."""
    path = module.replace(".", "/")
    return next((file for file in (f"{path}.py", f"{path}/__init__.py") if (ROOT / file).is_file()), "")


def reaches(start: Place, goals: frozenset[Place]) -> bool:
    """Whether one of the goals is called or named on some way from here, however its module was imported.

    Methods of objects and what is handed over as an argument from elsewhere are not followed.
    """
    seen: set[Place] = set()
    waiting = [start]
    while waiting:
        place = waiting.pop()
        if place in goals:
            return True
        if place not in seen:
            seen.add(place)
            waiting += _called_from(place)
    return False


@cache
def _called_from(place: Place) -> list[Place]:
    file, name = place
    found: list[Place] = []
    for node in _definitions(file).get(name, ()):
        names = {name for each in ast.walk(node) if (name := _name(each))}
        known = _imports(file, tree_of(ROOT / file)) | _imports(file, node)
        found += [target for used in names if (target := _target(file, used, known)) is not None]
    return found


def _name(node: ast.AST) -> str:
    """`record` or `audit.record`; "" for what is no name, or one further within."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=ast.Name(id=head), attr=rest):
            return f"{head}.{rest}"
        case _:
            return ""


@cache
def _definitions(file: str) -> dict[str, list[ast.AST]]:
    """Functions, methods and constants by name; a constant may be a table of functions."""
    found: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree_of(ROOT / file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found.setdefault(node.name, []).append(node)
    for node in tree_of(ROOT / file).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(node)
    return found


@cache
def _imports(file: str, scope: ast.AST) -> dict[str, Place]:
    """What names stand for by the imports of a module or, within it, of a function; a module has the name ""."""
    nodes = scope.body if isinstance(scope, ast.Module) else ast.walk(scope)
    found: dict[str, Place] = {}
    for node in nodes:
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        for alias in node.names:
            if whole := file_of(f"{node.module}.{alias.name}"):
                found[alias.asname or alias.name] = (whole, "")
            elif module := file_of(node.module):
                found[alias.asname or alias.name] = (module, alias.name)
    return found


def _target(file: str, used: str, known: dict[str, Place]) -> Place | None:
    head, _, rest = used.partition(".")
    if head in known:
        module, name = known[head]
        if name:
            return None if rest else (module, name)
        return (module, rest) if rest else None
    return (file, head) if not rest and head in _definitions(file) else None
