"""What a process makes once of its templates and texts, and when it makes it anew."""

import os
from pathlib import Path

from eservice.kit.web.rendering import create_templates


def test_a_changed_template_or_text_counts_although_all_share_what_was_made_of_it(tmp_path: Path) -> None:
    page, texts = tmp_path / "page.html", tmp_path / "th.toml"
    (tmp_path / "en.toml").write_text("")

    def shown() -> str:
        environment = create_templates(tmp_path, text_directories=(tmp_path,))
        return environment.get_template("page.html").render()

    for now, version in enumerate(("one", "two")):
        page.write_text(f"{version}: {{{{ t('word') }}}}")
        texts.write_text(f"word = '{version}'")
        os.utime(texts, (now, now))
        assert shown() == shown() == f"{version}: {version}"
