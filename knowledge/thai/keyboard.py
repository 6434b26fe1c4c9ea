"""Thai typed while the keyboard was switched to English, on the Kedmanee layout."""

from knowledge.thai.normalise import has_thai

_LATIN = "1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./"
_THAI = "ๅ/-ภถุึคตจขชๆไำพะัีรนยบลฃฟหกดเ้่าสวงผปแอิืทมใฝ"
_LATIN_SHIFTED = '!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?'
_THAI_SHIFTED = '+๑๒๓๔ู฿๕๖๗๘๙๐"ฎฑธํ๊ณฯญฐ,ฅฤฆฏโฌ็๋ษศซ.()ฉฮฺ์?ฒฬฦ'
_TO_THAI = str.maketrans(_LATIN + _LATIN_SHIFTED, _THAI + _THAI_SHIFTED)

_SHORTEST = 4


def as_thai_layout(text: str) -> str | None:
    """What the same keys give in Thai, or None when `text` cannot be such a slip.

    Only a guess: English words become Thai letters too. The caller keeps the result only when it makes
    more sense than the original. Raw text is expected, since punctuation keys carry Thai letters.
    """
    if has_thai(text) or sum(letter.isascii() and letter.isalpha() for letter in text[:200]) < _SHORTEST:
        return None
    return text.translate(_TO_THAI)
