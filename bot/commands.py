"""The words that are commands wherever they are typed."""

import re

COMMANDS: dict[str, str] = {
    "เมนู": "menu",
    "menu": "menu",
    "/menu": "menu",
    "/help": "menu",
    "เริ่มใหม่": "menu",
    "ยกเลิก": "cancel",
    "cancel": "cancel",
    "/cancel": "cancel",
    "เลิก": "cancel",
    "ย้อนกลับ": "back",
    "กลับ": "back",
    "back": "back",
    "/back": "back",
    "/language": "lang",
    "english": "lang:en",
    "/english": "lang:en",
    "in english": "lang:en",
    "อังกฤษ": "lang:en",
    "ภาษาไทย": "lang:th",
    "ไทย": "lang:th",
    "thai": "lang:th",
    "/thai": "lang:th",
    "/ask": "menu:ask",
    "/services": "menu:eservice",
    "/staff": "menu:staff",
    "/report": "menu:report",
    "/track": "menu:track",
    "แจ้งเรื่อง": "menu:report",
    "แจ้งปัญหา": "menu:report",
    "ร้องเรียน": "menu:report",
    "แจ้งเรื่องร้องเรียน": "menu:report",
    "ร้องทุกข์": "menu:report",
    "ติดตาม": "menu:track",
    "ติดตามเรื่อง": "menu:track",
    "เรื่องของฉัน": "menu:track",
    "เรื่องที่แจ้ง": "menu:track",
    "เรื่องถึงไหนแล้ว": "menu:track",
    "เรื่องที่แจ้งไว้": "menu:track",
    "ตามเรื่อง": "menu:track",
    "เช็คเรื่อง": "menu:track",
    "เช็คสถานะ": "menu:track",
    "เลขเรื่อง": "menu:track",
    "เลขเรื่องอะไร": "menu:track",
    "เลขเรื่องอะไรนะ": "menu:track",
    "ขอเลขเรื่อง": "menu:track",
    "ถอนเรื่อง": "menu:track",
    "ขอถอนเรื่อง": "menu:track",
    "ยกเลิกเรื่อง": "menu:track",
    "ยกเลิกเรื่องที่แจ้ง": "menu:track",
    "ฝาก": "menu:staff",
    "ฝากเจ้าหน้าที่": "menu:staff",
    "ฝากเจ้าหน้าที่ตอบ": "menu:staff",
    "ฝากเรื่องให้เจ้าหน้าที่": "menu:staff",
    "ข้อมูลของฉัน": "mydata",
    "ข้อมูลส่วนตัว": "mydata",
    "ข้อมูลส่วนบุคคล": "mydata",
    "ข้อมูลส่วนตัวของฉัน": "mydata",
    "สิทธิเจ้าของข้อมูล": "mydata",
    "pdpa": "mydata",
    "my data": "mydata",
    "/mydata": "mydata",
    "ขอสำเนาข้อมูล": "mydata:copy",
    "ขอสำเนาข้อมูลของฉัน": "mydata:copy",
    "ขอดูข้อมูลของฉัน": "mydata:copy",
    "ดูข้อมูลของฉัน": "mydata:copy",
    "ขอข้อมูลของฉัน": "mydata:copy",
    "แก้ข้อมูลของฉัน": "mydata:correct",
    "แก้ไขข้อมูลของฉัน": "mydata:correct",
    "ขอแก้ไขข้อมูล": "mydata:correct",
    "ขอแก้ข้อมูล": "mydata:correct",
    "ลบข้อมูลของฉัน": "mydata:erase",
    "ลบข้อมูลฉัน": "mydata:erase",
    "ลบข้อมูล": "mydata:erase",
    "ขอลบข้อมูล": "mydata:erase",
    "ขอลบข้อมูลของฉัน": "mydata:erase",
    "ลบข้อมูลส่วนตัว": "mydata:erase",
    "ขอให้ลบข้อมูล": "mydata:erase",
    "delete my data": "mydata:erase",
    "erase my data": "mydata:erase",
    "ถอนความยินยอม": "mydata:withdraw",
    "ขอถอนความยินยอม": "mydata:withdraw",
    "ไม่รับข่าว": "mydata:withdraw",
    "ไม่รับข่าวสาร": "mydata:withdraw",
    "เลิกรับข่าว": "mydata:withdraw",
    "ขอแทนเด็ก": "mydata:child",
    "ขอแทนลูก": "mydata:child",
    "ขอแทนหลาน": "mydata:child",
    "my child's data": "mydata:child",
    "เลิกรับข่าวสาร": "mydata:withdraw",
    "withdraw consent": "mydata:withdraw",
    "จบ": "end",
    "จบการคุย": "end",
    "จบการสนทนา": "end",
    "จบการคุยกับเจ้าหน้าที่": "end",
}
MAX_COMMAND = 60  # characters; the longest command with the politest end is shorter
SKIP_WORDS = frozenset(
    {
        "ข้าม",
        "ข้ามเลย",
        "ข้ามไป",
        "ไม่",
        "ไม่ต้อง",
        "ไม่ต้องโทร",
        "ไม่เอา",
        "ไม่มี",
        "ไม่รู้",
        "ไม่ทราบ",
        "ไม่แน่ใจ",
        "ไม่บอก",
        "ไม่ขอบอก",
        "ไม่อยากบอก",
        "ไม่บอกชื่อ",
        "ไม่ประสงค์ออกนาม",
        "skip",
        "no",
    }
)  # where a step may be skipped
_POLITE_END = re.compile(r"\s*(?:ค่ะ|คะ|ครับ|คับ|จ้า|นะ)+$")


_DATA_OF_A_CHILD = re.compile(
    r"(?:อยาก|ขอ|ช่วย){0,2}(?:ดู|สำเนา|แก้ไข|แก้|ลบ)?ข้อมูล(?:ส่วนตัว|ส่วนบุคคล)?\s?(?:ของ|แทน|ให้)?"
    r"\s?(?:ลูก|บุตร|หลาน|เด็ก)(?:ชาย|สาว)?(?:ของ)?(?:ฉัน|ผม|หนู|ดิฉัน|เรา)?(?:หน่อย|ด้วย)?"
)


def read_command(text: str) -> str | None:
    """The command a text is, if it is nothing else."""
    said = bare(text)
    return COMMANDS.get(said) or ("mydata:child" if _DATA_OF_A_CHILD.fullmatch(said) else None)


def bare(text: str) -> str:
    """A short text in lower case without the polite word at its end; empty for a longer one."""
    text = text.strip()
    if len(text) > MAX_COMMAND:  # also keeps the pattern, which is quadratic, from long texts
        return ""
    return _POLITE_END.sub("", text.lower())
