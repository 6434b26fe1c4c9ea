import re, unicodedata
from pythainlp.tokenize import word_tokenize

_MARKS = re.compile(r"[ะ-ฺเ-๎\s]")
_FOLD = str.maketrans("ศษสณรฬญฎฏฐฑฒภคฅฆ", "ซซซนลลยดตถททพขขข")


def normalize(t):
    t = unicodedata.normalize("NFC", t).lower().replace("เเ", "แ").replace("ํา", "ำ")
    return re.sub(r"(.)\1{2,}", r"\1\1", t)


def tokenize(t):
    return word_tokenize(t, engine="newmm", keep_whitespace=False)


def skeleton(t):
    return _MARKS.sub("", t).translate(_FOLD)
