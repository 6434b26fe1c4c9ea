"""What the doors of LINE and Telegram share: reading a body that may be too large, and refusing."""

import json

from fastapi import Request, Response

MAX_BODY_BYTES = 1_000_000


async def read_body(request: Request) -> bytes | None:
    """The raw body, or None as soon as it is known to be larger than `MAX_BODY_BYTES`."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_BODY_BYTES:
        return None
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            return None
    return bytes(body)


def problem(status: int, code: str, title: str) -> Response:
    """An RFC 9457 answer with the stable type `/errors/<code>`."""
    body = {"type": f"/errors/{code}", "title": title, "status": status}
    return Response(json.dumps(body), status_code=status, media_type="application/problem+json")
