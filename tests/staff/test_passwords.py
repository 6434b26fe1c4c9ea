"""What may be a password, and how it is hashed."""

import time
import unicodedata

import pytest

from eservice.kit.errors import ServiceError
from eservice.staff.passwords import MAX_LENGTH, NOBODYS_HASH, check_password, hash_password, verify

GOOD = "ข้าวเหนียวหมูปิ้งหน้าตลาด"
OWN = ("somsri", "สมศรี ใจดี", "อบต.ตัวอย่าง")


def code_of(password: str) -> str:
    with pytest.raises(ServiceError) as refusal:
        check_password(password, OWN)
    return refusal.value.code


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "ไก่ย่างห้าดาวเจ้าเก่า",
        "seven green bicycles",
        "alllowercaseletterssufficehere",
        "x7#Kq!vR2$mZp9&",
        "ก" * 10 + "ขอบฟ้าสีครามยามเย็น",
        "kwamjamsanmakloey 55",
    ],
)
def test_a_long_password_of_ones_own_is_taken(password: str) -> None:
    assert check_password(password, OWN) == unicodedata.normalize("NFC", password)


@pytest.mark.parametrize(
    "password",
    [
        "passwordpassword",
        "P@ssw0rdP@ssw0rd",
        "Password1234567890",
        "123456789012345",
        "0812345678901234",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "qwertyuiopasdfgh",
        "1qaz2wsx3edc4rfv",
        "q1w2e3r4t5y6u7i8",
        "abcdefghijklmnop",
        "zyxwvutsrqponmlk",
        "adminadminadmin1",
        "iloveyouiloveyou",
        "letmein-letmein-2569",
        "Thailand Bangkok 2569",
        "sawasdeekrub12345",
        "รหัสผ่านรหัสผ่าน",
        "สวัสดีครับ1234567",
        "รักในหลวง รักในหลวง",
        "ฟหกดเ้่าสวงฟหกด",
        "กขฃคฅฆงจฉชซฌญฎฏ",
        "ๆไำพะัีรนยบลๆไำพ",
        "somsri somsri 2569",
        "สมศรีใจดี2512สมศรี",
        "อบต.ตัวอย่าง 123456",
        "correct horse battery staple",
        "mailcreated5240",
        "Zqjphsyf6ctifgu!",
    ],
)
def test_a_common_password_or_ones_own_name_is_refused(password: str) -> None:
    assert code_of(password) == "staff.password_common"


def test_length_is_counted_in_characters_after_normalisation() -> None:
    assert code_of("สั้นไปหน่อยนะ"[:14]) == "staff.password_too_short"
    assert code_of("é" * 3 + "sunlit rive") == "staff.password_too_short"
    assert code_of("e\u0301" * 7 + "sunlit") == "staff.password_too_short"  # 13 characters in NFC
    assert code_of("ก" * (MAX_LENGTH + 1)) == "staff.password_too_long"
    assert check_password("แม่น้ำ" * 2 + "ไหลผ่านหมู่บ้านของเรา" * 3)  # 64 and more are fine


def test_a_hash_is_argon2id_and_never_the_same_twice() -> None:
    first, second = hash_password(GOOD), hash_password(GOOD)
    assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert first != second
    assert verify(GOOD, first)
    assert not verify(GOOD + "x", first)


def test_both_spellings_of_a_password_are_the_same() -> None:
    assert verify("cafe\u0301 ริมแม่น้ำโขง", hash_password("café ริมแม่น้ำโขง"))


def test_an_unknown_account_costs_as_much_as_a_known_one() -> None:
    parameters = hash_password(GOOD).rsplit("$", 2)[0]
    assert NOBODYS_HASH.rsplit("$", 2)[0] == parameters
    begun = time.perf_counter()
    assert not verify(GOOD, None)
    assert time.perf_counter() - begun > 0.005  # a hash was computed, not skipped
