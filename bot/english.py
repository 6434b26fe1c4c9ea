"""Telling English from Thai in Latin letters, from names and from Thai typed on the wrong keyboard. Pure."""

import re

from knowledge.thai import has_thai

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_LONGEST_READ = 500  # characters
_FEWEST_KNOWN = 2
_KNOWN_SHARE = 0.3

# Words that English sentences to an office have, and that are neither names nor Thai in Latin letters.
_COMMON = """
about after also am an and any apply are ask at be because been before broken but by call can cannot change close
closed come cost could day days did do does doing documents each every fee find for form from get give go got had has
have he help her here his how i'd i'm i've if in is it its just know last leave like live long lost make many may me
more much must my name need new next not of on open opening or our out over paid pay paying please register report request
send she should since some speak still stop than that the their them there they this those to today tomorrow under
until up us use want was we were what when where which who whom whose why will with without work would year you your
address allowance animal baby bill birth building business card certificate child citizen collect collection council
dead death disability disabled dog dogs drain elderly electricity english fine fire flood food foreigner garbage
hospital hours house husband land license licence light marriage married mosquito neighbor neighbour noise office
officer passport payment pension permit power problem registration rent residence restaurant road rubbish school
services shop sign smell smoke staff street tax taxes thailand trash tree vaccination vaccine village visa waste
water wife
"""
_KNOWN = frozenset(_COMMON.split())


def is_english(text: str) -> bool:
    """Whether this is a phrase or a sentence in English; never for a word or two that Thais use too ("ok", "LINE")."""
    if has_thai(text):
        return False
    words = _WORD.findall(text[:_LONGEST_READ].lower().replace("\u2019", "'"))
    known = sum(word in _KNOWN for word in words)
    return known >= _FEWEST_KNOWN and known >= _KNOWN_SHARE * len(words)


def has_latin_word(text: str) -> bool:
    """Whether a text without Thai letters has a word in Latin ones."""
    return not has_thai(text) and _WORD.search(text[:_LONGEST_READ].lower()) is not None
