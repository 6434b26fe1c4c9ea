"""The menu as data: what a resident can begin with. Rich menu, commands and chat all show this list.

An entry appears when its feature is built; one that is not built yet is absent, not greyed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """One entry. Its title and subtitle are `menu.<key>.title` and `.subtitle` in the catalogue."""

    key: str
    payload: str
    icon: str
    command: str  # Telegram's, in Latin letters


MENU: tuple[MenuItem, ...] = (
    MenuItem(key="ask", payload="menu:ask", icon="chat", command="ask"),
    MenuItem(key="eservice", payload="menu:eservice", icon="document", command="services"),
    MenuItem(key="report", payload="menu:report", icon="flag", command="report"),
    MenuItem(key="track", payload="menu:track", icon="track", command="track"),
    MenuItem(key="staff", payload="menu:staff", icon="person", command="staff"),
)
