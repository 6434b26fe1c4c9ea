"""Where webhooks may go: https to the public internet only, or a partner could make us call our own network.

The address is checked when it is saved, and again at each sending, when its name is resolved: the connection
is then made to the very address that was checked.
"""

import ipaddress
import socket
from typing import TypeAlias
from urllib.parse import urlsplit

from eservice.kit.errors import invalid

MAX_URL = 500
_Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
_WRAPPING = tuple(  # IPv6 addresses that lead to an IPv4 one within them
    ipaddress.IPv6Network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32")
)


class NotPublic(Exception):
    """The name leads into a network that we do not call."""


def checked_url(url: str, *, is_local: bool) -> str:
    """The address, if messages may go there. `is_local`: APP_ENV=local, where plain http to this machine will do.

    Raises ServiceError `webhooks.bad_url`.
    """
    try:
        parts = urlsplit(url.strip())
        port, host = parts.port, parts.hostname
    except ValueError:
        raise invalid("webhooks.bad_url", url="invalid") from None
    fits = len(url) <= MAX_URL and url.isascii() and url.strip().isprintable() and " " not in url.strip()
    if not (fits and host and port != 0) or parts.username is not None or parts.fragment:
        raise invalid("webhooks.bad_url", url="invalid")
    on_this_machine = is_local and (host == "localhost" or _is_loopback(host))
    if parts.scheme != "https" and not (parts.scheme == "http" and on_this_machine):
        raise invalid("webhooks.bad_url", url="not_https")
    literal = _read(host)
    if not is_local and (host == "localhost" or (literal is not None and not is_public(literal))):
        raise invalid("webhooks.bad_url", url="not_public")
    return url.strip()


def resolve(host: str, port: int, *, is_local: bool) -> str:
    """The IP address to connect to. All that the name leads to must be public, unless APP_ENV=local.

    Blocks while the name is looked up. Raises OSError for a name that leads nowhere, NotPublic.
    """
    found = [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not is_local:
        for address in found:
            ip = _read(address)
            if ip is None or not is_public(ip):
                raise NotPublic(host)
    return found[0]


def is_public(ip: _Ip) -> bool:
    """Whether the address is one of the public internet, also when it only wraps another."""
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(ip.ipv4_mapped)
        if any(ip in network for network in _WRAPPING) or ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _is_loopback(host: str) -> bool:
    ip = _read(host)
    return ip is not None and ip.is_loopback


def _read(host: str) -> _Ip | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
