"""The files of docs/deploy say to proxies and services what the program relies on."""

import re
from pathlib import Path

from eservice.traffic.recording import CLIENT_PORT
from tests.source import ROOT

CADDYFILE = ROOT / "docs/deploy/Caddyfile"
TRAFFIC = ROOT / "docs/audit-and-traffic.md"


def settings_of(path: Path, word: str) -> dict[str, str]:
    """What follows `word` in its lines, e.g. of `header_up`: the value by the header's name in small letters."""
    lines = re.findall(rf"^\s*{word} (\S+) (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {name.lower(): value.rstrip(";") for name, value in lines}


def test_the_proxy_itself_says_the_port_of_whoever_asks() -> None:
    """Without + or > in front of its name, `header_up` puts its value in place of the visitor's."""
    port = CLIENT_PORT.decode()
    assert settings_of(CADDYFILE, "header_up")[port] == "{http.request.remote.port}"
    assert settings_of(TRAFFIC, "proxy_set_header") == {
        port: "$remote_port",
        "x-forwarded-for": "$remote_addr",
        "x-forwarded-proto": "$scheme",
    }
    handed_on = CADDYFILE.read_text(encoding="utf-8").split("reverse_proxy ")[-1].split("\n\t}\n")[0]
    assert "header_up" in handed_on
