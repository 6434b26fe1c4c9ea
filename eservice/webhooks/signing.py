"""Signatures as the Standard Webhooks scheme v1 has them, and the secrets they are made with.

A secret is derived from SECRET_KEY and the subscription's salt whenever it is needed, so a copy of the
database signs nothing. A new SECRET_KEY means new secrets for every partner.
"""

import base64
import hashlib
import hmac
from datetime import datetime

SECRET_PREFIX = "whsec_"  # noqa: S105 - how the scheme marks a secret, not one
_PURPOSE = b"phueanban webhook secret v1\0"


def secret_of(signing_key: str, salt: str) -> bytes:
    """The 32 bytes with which messages to this subscription are signed."""
    return hmac.digest(signing_key.encode(), _PURPOSE + salt.encode(), hashlib.sha256)


def shown_secret(secret: bytes) -> str:
    """The secret as a partner puts it into their receiver, `whsec_…`."""
    return SECRET_PREFIX + base64.b64encode(secret).decode()


def headers_of(secret: bytes, *, key: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers that prove a message: who it is from, that it is whole, and when it was sent."""
    timestamp = str(int(at.timestamp()))
    digest = hmac.digest(secret, f"{key}.{timestamp}.{body}".encode(), hashlib.sha256)
    return {
        "webhook-id": key,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
