"""Secrets at rest: sealed with a key made from SECRET_KEY, so that a copied database alone opens none.

For what must be read again (a channel's token, a second factor's seed, a national id). What need only be
recognised again, as a password or a session, is stored as a hash instead.
"""

import base64
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from eservice.kit.errors import conflict


class Sealer:
    """Seals and opens short texts for one purpose, e.g. "channel-token"; another purpose opens none of them.

    `keys` are the present SECRET_KEY and, after it, former ones, which still open what they sealed.
    """

    def __init__(self, keys: Sequence[str], purpose: str) -> None:
        self._fernet = MultiFernet([_fernet(key, purpose) for key in keys])

    def seal(self, text: str) -> str:
        """The sealed text, in ASCII; a second call gives another one."""
        return self._fernet.encrypt(text.encode()).decode("ascii")

    def open(self, sealed: str) -> str:
        """The text again. Raises ServiceError `secrets.other_key` for what no known key has sealed."""
        try:
            return self._fernet.decrypt(sealed.encode("ascii")).decode()
        except (InvalidToken, UnicodeEncodeError) as error:
            raise conflict("secrets.other_key") from error

    def renew(self, sealed: str) -> str:
        """The same text under the present key. Raises ServiceError `secrets.other_key`."""
        try:
            return self._fernet.rotate(sealed.encode("ascii")).decode("ascii")
        except (InvalidToken, UnicodeEncodeError) as error:
            raise conflict("secrets.other_key") from error


def _fernet(key: str, purpose: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
