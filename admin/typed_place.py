"""A position as it is typed, or pasted from a map."""

from eservice.kit.errors import invalid
from eservice.kit.thai_calendar import arabic_digits


def typed_place(latitude: str, longitude: str = "") -> tuple[float, float] | None:
    """Latitude and longitude in degrees; None when nothing was typed.

    Both may stand in the first, as maps give them: "17.1012, 104.2051". Raises ServiceError
    `complaints.bad_place` for what is no number; whether it lies on the earth is the service's to say.
    """
    first, second = arabic_digits(latitude).strip(), arabic_digits(longitude).strip()
    if first and not second:
        first, _, second = first.strip("()").partition("," if "," in first else " ")
    if not first and not second:
        return None
    try:
        return float(first), float(second)
    except ValueError as fault:
        raise invalid("complaints.bad_place", latitude="invalid", longitude="invalid") from fault
