"""A short round of the fuzzing that `python -m benchmarks.fuzz` does at length: nothing falls over."""

from pathlib import Path

from eservice.kit.database import Database
from tests.access.fuzzing import arena


def test_what_nobody_would_send_by_mistake_is_answered_as_the_document_says(
    tmp_path: Path, own_database: Database
) -> None:
    with arena(tmp_path, 2569, own_database) as fuzzed:
        fuzzed.by_document(examples=3)
        fuzzed.by_hand(250)
    tally = fuzzed.tally
    assert tally.faults == [], "\n".join(tally.faults)
    assert tally.by_part.keys() == {"document", "line", "telegram", "chat", "form", "page"}
    assert tally.by_status.keys() >= {200, 201, 202, 303, 400, 401, 404, 422}
