"""Every change that somebody is named for goes through the audit; opening what is known of a resident too."""

import ast
from collections import defaultdict

from tests.source import name_of, product_files, tree_of

SERVICES = ("eservice/", "knowledge/entries/")
NAMED = {"actor", "by", "author_id"}
UNAUDITED = {
    "eservice/kit/audit.py:record": "it is the audit",
    "eservice/complaints/cases.py:for_staff": "it locks, for others to change",
}
READERS = {
    "admin/cases.py": {"show_case", "refresh_case"},
    "admin/case_file.py": {"print_file"},
    "admin/case_photos.py": {"show_photo"},
    "admin/case_redaction.py": {"show_words", "hide_words"},
    "admin/case_reports.py": {"download"},
    "admin/inquiries.py": {"show_case", "refresh_thread"},
    "admin/privacy.py": {"look"},
    "admin/privacy_office.py": {"reveal", "show_copy", "download_copy"},
    "eservice/api/officers.py": {"read_the_record"},
    "eservice/api/attachments.py": {"see_a_photo_of_the_record"},
}
"""What shows who reported, a conversation, or a file with either."""


def calls_by_function() -> dict[str, dict[str, tuple[set[str], set[str]]]]:
    """By file and function: its parameters, and what it calls as "module.function" or "function"."""
    found: dict[str, dict[str, tuple[set[str], set[str]]]] = defaultdict(dict)
    for path in product_files(".py"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef):
                names = [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
                called = {ast.unparse(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)}
                is_work = names[:1] == ["uow"]
                found[name_of(path)][node.name] = (set(names) if is_work else set(), called)
    return found


FUNCTIONS = calls_by_function()


def reaches(file: str, function: str, goals: set[str], seen: frozenset[str] = frozenset()) -> bool:
    """Whether it calls one of the goals, itself or by what it calls here or in a module that it names."""
    here = f"{file}:{function}"
    if here in seen or function not in FUNCTIONS.get(file, {}):
        return False
    for called in FUNCTIONS[file][function][1]:
        if called in goals:
            return True
        module, _, name = called.rpartition(".")
        if not module and reaches(file, name, goals, seen | {here}):
            return True
        others = (
            [other for other in FUNCTIONS if other.endswith(f"/{module}.py")] if module.isidentifier() else []
        )
        if any(reaches(other, name, goals, seen | {here}) for other in others):
            return True
    return False


def test_whoever_is_named_for_a_change_is_named_in_the_audit() -> None:
    silent = {
        f"{file}:{function}"
        for file, functions in FUNCTIONS.items()
        if file.startswith(SERVICES)
        for function, (parameters, _) in functions.items()
        if parameters & NAMED and not function.startswith("_")
        if not reaches(file, function, {"audit.record", "record"})
    }
    assert silent == UNAUDITED.keys()


def test_opening_what_is_known_of_a_resident_is_on_record() -> None:
    for file, functions in READERS.items():
        for function in functions:
            noted = {"audit.note_reading", "note_reading", "audit.record"}
            assert reaches(file, function, noted), f"{file}:{function}"
