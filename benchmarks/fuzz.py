"""Fuzzes the whole application in process: the API by its document, webhooks, chats, forms and pages by grammars.

    .venv/bin/python -m benchmarks.fuzz [--requests 200000] [--seed 2569] [--document-share 0.2] [--database URL]

Prints one JSON object: the seed, how many requests came back with which status, and for every answer above 499,
or one that the API's document does not tell of, a curl line. Exits 1 when there was any.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import structlog

from eservice.kit.database import Database
from eservice.kit.migrate import migrate
from tests.access.fuzzing import Arena, arena

ROUND = 2_000  # requests between two looks at the clock


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=2569)
    parser.add_argument(
        "--document-share", type=float, default=0.2, help="of requests, by the API's document"
    )
    parser.add_argument("--minutes", type=float, default=600, help="at most")
    parser.add_argument(
        "--database", default="", help="an empty PostgreSQL; a SQLite file of its own without it"
    )
    arguments = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    ends = time.monotonic() + 60 * arguments.minutes
    with (
        tempfile.TemporaryDirectory() as folder,
        arena(Path(folder), arguments.seed, _migrated(arguments.database)) as fuzzed,
    ):
        while fuzzed.tally.requests < arguments.requests and time.monotonic() < ends:
            _one_round(fuzzed, arguments.document_share)
        tally = fuzzed.tally
    figures = {
        "seed": arguments.seed,
        "requests": tally.requests,
        "by_status": {str(status): count for status, count in sorted(tally.by_status.items())},
        "by_part": dict(tally.by_part),
        "faults": tally.faults,
    }
    print(json.dumps(figures, indent=2, ensure_ascii=False))
    return 1 if tally.faults else 0


def _migrated(url: str) -> Database | None:
    if not url:
        return None
    database = Database(url, signing_key=lambda: "k" * 48)
    migrate(database)
    return database


def _one_round(fuzzed: Arena, share: float) -> None:
    operations = sum(1 for _ in fuzzed.schema.get_all_operations())
    if by_document := int(ROUND * share):
        fuzzed.by_document(examples=max(1, by_document // operations))
    fuzzed.by_hand(ROUND - by_document)


if __name__ == "__main__":
    sys.exit(main())
