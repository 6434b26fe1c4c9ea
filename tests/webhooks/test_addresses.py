"""Where webhooks may go, and who may say so."""

import ipaddress

import pytest

from eservice.kit.errors import ServiceError
from eservice.webhooks import subscriptions
from eservice.webhooks.addresses import NotPublic, checked_url, is_public, resolve
from eservice.webhooks.models import OFFERED, WebhookKind
from tests.complaints.desk import Desk, refused


@pytest.mark.parametrize("url", ["https://example.go.th/hook", "https://8.8.8.8:8443/a?b=c"])
def test_https_to_the_public_internet_is_taken(url: str) -> None:
    assert checked_url(url, is_local=False) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://example.go.th/", "ftp://example.go.th/", "https:///hook", "hook", "", "https://[::1", "https://a:0/",
        "https://user:secret@example.go.th/", "https://example.go.th/#part", "https://example.go.th:99999/",
        "https://127.0.0.1/", "https://localhost/", "https://10.0.0.5/", "https://169.254.169.254/latest",
        "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "http://127.0.0.1:9/",
        "https://example.go.th/a b", "https://example.go.th/\n", "https://ตัวอย่าง.ไทย/", f"https://a.th/{'x' * 500}",
    ],
)  # fmt: skip
def test_any_other_address_is_refused(url: str) -> None:
    if url.endswith("\n"):
        url = "https://example.go.th/a\nb"
    with refused("webhooks.bad_url"):
        checked_url(url, is_local=False)


def test_on_a_local_run_plain_http_reaches_this_machine_and_no_other() -> None:
    assert checked_url("http://127.0.0.1:9/hook", is_local=True) == "http://127.0.0.1:9/hook"
    assert checked_url("http://localhost:9/hook", is_local=True) == "http://localhost:9/hook"
    with refused("webhooks.bad_url"):
        checked_url("http://10.0.0.5/hook", is_local=True)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.1.1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fec0::1", "fc00::1", "ff02::1", "::ffff:10.0.0.1",
        "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public_are_known_however_they_are_wrapped(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "203.113.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"])
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1"])
def test_a_name_is_checked_by_what_it_leads_to(host: str) -> None:
    with pytest.raises(NotPublic):
        resolve(host, 443, is_local=False)
    assert resolve(host, 443, is_local=True) in ("127.0.0.1", "::1")


def test_only_who_manages_the_office_adds_sees_and_removes(desk: Desk) -> None:
    with desk.database.unit_of_work() as uow:
        for act in (
            lambda: subscriptions.add(
                uow, "province", "https://a.th/", OFFERED, is_local=False, by=desk.palad
            ),
            lambda: subscriptions.remove(uow, "province", by=desk.palad),
            lambda: subscriptions.all_subscriptions(uow, by=desk.palad),
        ):
            with refused("staff.forbidden"):
                act()


@pytest.mark.parametrize(
    ("name", "kinds", "code"),
    [
        ("ab", OFFERED, "webhooks.bad_name"),
        ("province", (), "webhooks.no_kind"),
        ("province", (WebhookKind.TEST,), "webhooks.no_kind"),
    ],
)
def test_what_is_missing_is_named(desk: Desk, name: str, kinds: tuple[WebhookKind, ...], code: str) -> None:
    with desk.database.unit_of_work() as uow, pytest.raises(ServiceError) as refusal:
        subscriptions.add(uow, name, "https://a.th/", kinds, is_local=False)
    assert refusal.value.code == code
