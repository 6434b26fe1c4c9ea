"""What somebody has typed into the form for reporting so far, and what is wrong with it.

Every step of the form carries all of it in hidden fields, so it works without scripts and without a session.
"""

import re
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace

from eservice.complaints import wording
from eservice.complaints.filing import NewComplaint
from eservice.complaints.models import Source, Spot
from eservice.kit.errors import ServiceError, invalid
from knowledge.classify import Urgency

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The fields of the form as typed. `key` makes sending twice harmless; `ordinary` is "yes" once they chose it."""

    key: str
    text: str = ""
    category: str = ""
    address: str = ""
    village: str = ""
    latitude: str = ""
    longitude: str = ""
    reporter_name: str = ""
    ordinary: str = ""
    enclosed: str = ""  # photos: tokens of `enclosed`, with blanks between

    @property
    def fields(self) -> dict[str, str]:
        """All of it, for hidden fields."""
        return asdict(self)

    @property
    def has_place(self) -> bool:
        """Whether there is a pin."""
        return bool(self.latitude or self.longitude)


def new_draft(spot: Spot | None = None) -> Draft:
    """An empty form, or one that knows its place."""
    draft = Draft(key=_new_key())
    if spot is None:
        return draft
    return replace(
        draft,
        address=spot.name,
        village=spot.village,
        category=spot.category,
        latitude=str(spot.latitude),
        longitude=str(spot.longitude),
    )


def read_draft(form: Mapping[str, str]) -> Draft:
    """The draft that a form carries."""
    key = form.get("key", "")
    typed = {name: form.get(name, "") for name in Draft.__dataclass_fields__ if name != "key"}
    return Draft(key=key if _KEY.fullmatch(key) else _new_key(), **typed)


def renewed(draft: Draft) -> Draft:
    """The same words as a new complaint."""
    return replace(draft, key=_new_key())


def text_faults(draft: Draft) -> dict[str, str]:
    """What is wrong with the words: field to code of the refusal."""
    return _faults({"text": lambda: wording.checked_text(draft.text)})


def detail_faults(draft: Draft, offered: Collection[str]) -> dict[str, str]:
    """What is wrong with the rest: field to code of the refusal."""

    def category() -> None:
        if draft.category not in offered:
            raise invalid("complaints.no_category", category="unknown")

    return _faults(
        {
            "category": category,
            "address": lambda: wording.checked_line(draft.address, "address"),
            "village": lambda: wording.checked_line(draft.village, "village"),
            "place": lambda: pin_of(draft),
            "reporter_name": lambda: wording.checked_line(draft.reporter_name, "reporter_name"),
        }
    )


def pin_of(draft: Draft) -> tuple[float, float] | None:
    """Latitude and longitude in degrees, or None. Raises ServiceError `complaints.bad_place`."""
    if not draft.has_place:
        return None
    try:
        latitude, longitude = float(draft.latitude), float(draft.longitude)
    except ValueError as error:
        raise invalid("complaints.bad_place", place="invalid") from error
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):  # also what is no number
        raise invalid("complaints.bad_place", place="invalid")
    return latitude, longitude


def with_photos(draft: Draft, tokens: str) -> Draft:
    """The draft with these photos."""
    return replace(draft, enclosed=tokens)


def without_pin(draft: Draft) -> Draft:
    """The draft with its pin taken away."""
    return replace(draft, latitude="", longitude="")


def complaint_of(draft: Draft, urgency: Urgency) -> NewComplaint:
    """What is filed. The draft has no faults."""
    latitude, longitude = pin_of(draft) or (None, None)
    return NewComplaint(
        source=Source.WEB,
        category=draft.category,
        text=draft.text,
        reporter_name=draft.reporter_name,
        latitude=latitude,
        longitude=longitude,
        address=draft.address,
        village=draft.village,
        urgency=urgency,
    )


def _new_key() -> str:
    return secrets.token_urlsafe(16)


def _faults(checks: Mapping[str, Callable[[], object]]) -> dict[str, str]:
    faults: dict[str, str] = {}
    for field, check in checks.items():
        try:
            check()
        except ServiceError as refusal:
            faults[field] = refusal.code
    return faults
