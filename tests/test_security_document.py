"""The page of security: every test that it names exists."""

import re

from tests.source import ROOT


def test_the_page_of_security_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "security.md").read_text(encoding="utf-8")))
    modules = (path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    there_are = {
        name
        for module in modules
        for name in re.findall(r"^(?:async )?def (test_\w+)\(", module, re.MULTILINE)
    }
    assert len(named) > 40 and named <= there_are, sorted(named - there_are)
