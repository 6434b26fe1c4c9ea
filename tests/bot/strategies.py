"""Hypothesis strategies for what the bot may say: any bundle that the vocabulary allows."""

from hypothesis import strategies as st

from eservice.messaging.content import (
    AskLocation,
    AskPhoto,
    Bundle,
    Button,
    Card,
    CardList,
    Choices,
    Link,
    LinkButton,
    Meta,
    MetaKind,
    Picture,
    Row,
    Sender,
    Step,
    Steps,
    Text,
)

# Letters of all kinds, with what breaks renderers: markup, marks, emoji, controls, halves of surrogates.
_SPICE = "ก่ที่น้ำเแะๆ<>&\"'_*`[]\n\r\t \u200b\u200d\u0301\u202e\x00\x07😀👩‍🌾🇹🇭\ud800"
_characters = st.one_of(st.sampled_from(_SPICE), st.characters(exclude_categories=()))


def texts(most: int = 8000) -> st.SearchStrategy[str]:
    """Running text that is not blank: mostly short, sometimes long enough to be split."""
    short = st.text(_characters, min_size=1, max_size=60)
    long = st.builds(
        lambda seed, times: (seed * times)[:most],
        st.text(_characters, min_size=1, max_size=200),
        st.integers(min_value=1, max_value=most),
    )
    return st.one_of(short, short, long).map(lambda text: text[:most]).filter(str.strip)


def maybe(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """The strategy's texts, or an empty one."""
    return st.one_of(st.just(""), strategy)


labels = texts(300).map(lambda text: text.replace("\n", " ")).filter(str.strip)
payloads = st.from_regex(r"[A-Za-z0-9_.:\-]{1,60}", fullmatch=True)
urls = st.one_of(
    st.sampled_from(
        [
            "https://www.example.go.th/a?b=1&c=%E0%B8%81",
            "http://127.0.0.1:8000/faq/1",
            "http://localhost:8000/",
            "https:",
            "http://[::1",
            "https://x.go.th:99999/",
            'https://a.go.th/"<b>',
        ]
    ),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=900).map("https://a.go.th/".__add__),
)
link_urls = st.one_of(urls, st.just("tel:1300"))

buttons = st.builds(Button, label=labels, payload=payloads)
any_buttons = st.one_of(buttons, st.builds(LinkButton, label=labels, url=link_urls))


def _tuples(strategy: st.SearchStrategy, least: int, most: int) -> st.SearchStrategy[tuple]:
    return st.lists(strategy, min_size=least, max_size=most).map(tuple)


metas = st.builds(
    Meta, kind=st.sampled_from(MetaKind), text=maybe(texts(500)), url=st.one_of(st.none(), urls)
)
rows = st.builds(Row, left=maybe(texts(300)), right=maybe(texts(300)), strong=st.booleans())
cards = st.builds(
    Card,
    title=texts(),
    body=maybe(texts()),
    rows=_tuples(rows, 0, 30),
    meta=_tuples(metas, 0, 6),
    buttons=_tuples(any_buttons, 0, 10),
    label=maybe(texts(300)),
)
steps = st.builds(
    Steps,
    title=texts(),
    steps=_tuples(
        st.builds(Step, title=texts(), detail=maybe(texts(2000)), duration=maybe(texts(100))), 1, 20
    ),
    total_time=maybe(texts(100)),
    fee=maybe(texts(100)),
    meta=_tuples(metas, 0, 6),
    buttons=_tuples(any_buttons, 0, 10),
)
parts = st.one_of(
    st.builds(Text, text=texts()),
    st.builds(Choices, prompt=texts(), options=_tuples(buttons, 1, 10)),
    cards,
    st.builds(CardList, cards=_tuples(cards, 1, 10)),
    st.builds(Picture, url=urls, alt=texts(), preview_url=st.one_of(st.none(), urls)),
    st.builds(AskLocation, prompt=texts(), options=_tuples(buttons, 0, 10)),
    st.builds(AskPhoto, prompt=texts(), options=_tuples(buttons, 0, 10)),
    st.builds(Link, text=texts(), label=labels, url=link_urls),
    steps,
)
bundles = st.builds(
    Bundle,
    parts=_tuples(parts, 1, 4),
    quick_replies=_tuples(buttons, 0, 11),
    sender=st.sampled_from(Sender),
    sender_name=maybe(texts(200)),
)
