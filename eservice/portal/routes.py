"""The public routes for reading. Every page is readable by anyone; nothing here changes anything."""

import json
from hashlib import sha256
from typing import Annotated
from xml.sax.saxutils import escape

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from eservice.kit.http import Reader
from eservice.office import service as offices
from eservice.portal import widget
from eservice.portal.pages import PortalPages, language_of, security_headers
from eservice.portal.prose import BlockKind, read_blocks
from eservice.portal.topics import Topic, list_topics
from knowledge.entries.content import MAX_QUESTION, one_line
from knowledge.entries.live import EntryFace, LiveFaq
from knowledge.entries.models import AskDecision

CHIPS = 3  # questions under the search box
OFTEN = 6  # rows of most asked questions
RESULTS = 8
RELATED = 4
PER_TOPIC = 4  # questions of a topic on the overview
PLAIN_SECONDS = 300  # so long a browser may use its copy of the widget and of the sitemap
SCRIPT_WORDS = "portal.chat.script."

Words = Annotated[str, Query(alias="q")]


def create_portal(pages: PortalPages, faq: LiveFaq) -> APIRouter:
    """The routes of the portal. Its static files are in `STATIC_DIRECTORY`."""
    router = APIRouter(include_in_schema=False)
    portal = _Portal(pages, faq)
    for path, page in (
        ("/", portal.home),
        ("/faq", portal.questions),
        ("/faq/topic/{slug:path}", portal.topic),
        ("/faq/{key}", portal.answer),
        ("/privacy", portal.privacy),
        ("/sitemap", portal.sitemap),
        ("/sitemap.xml", portal.sitemap_xml),
        ("/robots.txt", portal.robots),
        ("/chat", portal.chat),
        ("/widget.js", portal.widget_js),
    ):
        router.add_api_route(path, page, methods=["GET", "HEAD"], response_class=Response)
    return router


class _Portal:
    """The endpoints, over one renderer and one live FAQ."""

    def __init__(self, pages: PortalPages, faq: LiveFaq) -> None:
        self._pages = pages
        self._faq = faq

    def home(self, request: Request, reader: Reader) -> Response:
        """The question box, the E-Service menu, the door to the chat, how to reach the office."""
        often = self._asked()
        return self._pages.render(
            request,
            reader,
            "home.html",
            topics=self._topics(request),
            often=often or self._examples(),
            is_counted=bool(often),
            chips=CHIPS,
            total=len(self._faq.faces()),
        )

    def questions(self, request: Request, reader: Reader, q: Words = "") -> Response:
        """All questions, or what is found for `q`."""
        if query := one_line(q[: 2 * MAX_QUESTION])[:MAX_QUESTION]:
            return self._results(request, reader, query)
        groups = [(topic, self._faq.most_asked(PER_TOPIC, topic.category)) for topic in self._topics(request)]
        return self._pages.render(request, reader, "faq.html", often=self._asked(), groups=groups)

    def topic(self, request: Request, reader: Reader, slug: str) -> Response:
        """The questions of one topic, most asked first."""
        topic = next((topic for topic in self._topics(request) if topic.slug == slug), None)
        if topic is None:
            return self._pages.render_error(request, 404, "not_found")
        entries = self._faq.most_asked(topic.count, topic.category)
        return self._pages.render(request, reader, "topic.html", topic=topic, entries=entries)

    def answer(self, request: Request, reader: Reader, key: str) -> Response:
        """One question with its answer and proof."""
        face = self._faq.face_by_key(key)
        if face is None:
            return self._pages.render_error(request, 404, "gone")
        topic = list_topics([(face.category, 0)], self._pages.text(language_of(request)))[0]
        near = [other for other, _ in self._faq.search(face.question, RELATED + 1) if other.id != face.id]
        return self._pages.render(
            request, reader, "answer.html", face=face, topic=topic, related=near[:RELATED]
        )

    def privacy(self, request: Request, reader: Reader, version: str = "") -> Response:
        """The privacy notice in force, or an earlier version of it; whom to ask, and what one may ask for."""
        notices = offices.all_notices(reader)
        notice = next((each for each in notices if each.version == version), None)
        notice = notice or (notices[0] if notices else None)
        blocks = read_blocks(notice.text) if notice else []
        title = blocks.pop(0).lines[0] if blocks and blocks[0].kind is BlockKind.TITLE else None
        return self._pages.render(
            request,
            reader,
            "privacy.html",
            notice=notice,
            title=title,
            blocks=blocks,
            notices=notices,
            contact=offices.privacy_contact(offices.get_office(reader)),
        )

    def sitemap(self, request: Request, reader: Reader) -> Response:
        """Every page, for people."""
        groups = [(topic, self._faq.faces(topic.category)) for topic in self._topics(request)]
        return self._pages.render(request, reader, "sitemap.html", groups=groups)

    def sitemap_xml(self, request: Request) -> Response:
        """Every page, for search engines."""
        topics = (topic.href for topic in self._topics(request))
        home = self._pages.public_url
        rows = [
            f"<url><loc>{escape(home + path)}</loc></url>"
            for path in (
                "/",
                "/report",
                "/track",
                "/figures",
                "/faq",
                *topics,
                "/chat",
                "/privacy",
                "/sitemap",
            )
        ]
        rows += [
            f"<url><loc>{escape(f'{home}/faq/{face.key}')}</loc>"
            f"<lastmod>{face.published_at:%Y-%m-%d}</lastmod></url>"
            for face in self._faq.faces()
        ]
        body = "\n".join(
            [
                '<?xml version="1.0" encoding="UTF-8"?>',
                '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
                *rows,
                "</urlset>\n",
            ]
        )
        return _plain(request, body, "application/xml")

    def robots(self, request: Request) -> Response:
        """What search engines may read."""
        sitemap = f"{self._pages.public_url}/sitemap.xml"
        body = f"User-agent: *\nDisallow: /admin\nDisallow: /api/\nSitemap: {sitemap}\n"
        return _plain(request, body, "text/plain")

    def chat(self, request: Request, reader: Reader, q: Words = "", embed: str = "") -> Response:
        """The web chat; with `embed=1` as the frame of the widget, for the sites that may show it."""
        is_framed = embed == "1"
        language = language_of(request)
        settings = {
            "lang": language,
            "embed": is_framed,
            "question": one_line(q[: 2 * MAX_QUESTION])[:MAX_QUESTION],
            "words": {
                key.removeprefix(SCRIPT_WORDS): self._pages.texts.get(key, language)
                for key in sorted(self._pages.texts.keys())
                if key.startswith(SCRIPT_WORDS)
            },
        }
        return self._pages.render(
            request,
            reader,
            "chat.html",
            settings=json.dumps(settings, ensure_ascii=False),
            is_framed=is_framed,
            frame_ancestors=widget.frame_ancestors(_origins(reader) if is_framed else []),
        )

    def widget_js(self, request: Request, reader: Reader) -> Response:
        """The script for other sites."""
        script = widget.widget_script(_origins(reader), self._pages.public_url, self._pages.texts.get)
        response = _plain(request, script, "text/javascript")
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response

    def _results(self, request: Request, reader: Reader, query: str) -> Response:
        decision = self._faq.decide(query)
        hits = [face for entry_id, _ in decision.hits if (face := self._faq.face(entry_id)) is not None]
        answer = hits[0] if hits and decision.kind is AskDecision.ANSWERED else None
        choices = hits if decision.kind is AskDecision.CLARIFIED else []
        shown = {face.id for face in [answer, *choices] if face is not None}
        others = [face for face, _ in self._faq.search(query, RESULTS) if face.id not in shown]
        return self._pages.render(
            request, reader, "search.html", query=query, answer=answer, choices=choices, others=others
        )

    def _topics(self, request: Request) -> list[Topic]:
        return list_topics(self._faq.categories(), self._pages.text(language_of(request)))

    def _asked(self) -> list[EntryFace]:
        """The most asked entries that somebody did ask."""
        return [face for face in self._faq.most_asked(OFTEN) if face.asked_count > 0]

    def _examples(self) -> list[EntryFace]:
        """Before anybody asked: the first question of each topic."""
        firsts: dict[str, EntryFace] = {}
        for face in self._faq.faces():
            firsts.setdefault(face.category, face)
        return list(firsts.values())[:OFTEN]


def _origins(reader: Reader) -> list[str]:
    return widget.allowed_origins(offices.get_office(reader).widget_origins)


def _plain(request: Request, body: str, media_type: str) -> Response:
    """An answer that is the same for everyone for a few minutes."""
    content = body.encode()
    tag = f'"{sha256(content).hexdigest()[:20]}"'
    headers = security_headers() | {"Cache-Control": f"public, max-age={PLAIN_SECONDS}", "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)
