"""The office's own facts inside answers: an author writes {office_phone}, residents read the number set today.

So a telephone number, an address or the opening hours are kept in one place, the office's settings.
"""

import re
from collections.abc import Mapping

from eservice.kit.unit_of_work import ReadOnly
from eservice.office.models import Office
from eservice.office.service import THE_ONE

_MAP = "https://www.google.com/maps?q={latitude},{longitude}"
_PLACEHOLDER = re.compile(r"\{office_(name|address|phone|email|hours|map)\}")
_UNKNOWN = "–"


def office_facts(reader: ReadOnly) -> dict[str, str]:
    """What each placeholder stands for; what the office has not set is left out, before its set-up everything."""
    office = reader.session.get(Office, THE_ONE)
    if office is None:
        return {}
    has_place = office.latitude is not None and office.longitude is not None
    facts = {
        "name": office.name,
        "address": office.address,
        "phone": office.phone,
        "email": office.email,
        "hours": f"{office.opens_at:%H.%M}–{office.closes_at:%H.%M}",
        "map": _MAP.format(latitude=office.latitude, longitude=office.longitude) if has_place else "",
    }
    return {name: fact for name, fact in facts.items() if fact}


def with_office_facts(answer: str, facts: Mapping[str, str]) -> str:
    """The answer as residents read it. A line that names a fact which is not set is left out.

    When no line would be left, the facts that are missing are shown as a dash instead.
    """
    if _PLACEHOLDER.search(answer) is None:
        return answer
    lines = [
        line for line in answer.splitlines() if all(name in facts for name in _PLACEHOLDER.findall(line))
    ]
    kept = "\n".join(lines) if any(line.strip() for line in lines) else answer
    return _PLACEHOLDER.sub(lambda found: facts.get(found[1], _UNKNOWN), kept)
