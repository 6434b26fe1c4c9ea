"""Mixed traffic for `benchmarks.faults`, with a record of all that was acknowledged, and a LINE to talk to.

Four kinds of senders repeat each thing until it is acknowledged, and some things once more: LINE's webhooks with
true signatures, a visitor in the web chat, residents who file cases through the API, and an officer who files them
in the console. Every text is told apart by its own number.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.acceptance.product import Product
from tests.acceptance.stage import Console, hidden_fields

SECRET = b"line-secret"
AGAIN_SHARE = 0.15  # of what was acknowledged is sent once more
CASES_OF_ONE = 40  # that one address files
PATIENCE_SECONDS = 600.0  # for one thing to be acknowledged


class FakeLine:
    """LINE's API: takes every reply token and every retry key once, and counts what it took."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()  # reply tokens and retry keys, each time they were accepted
        self.refused = 0
        self._lock = threading.Lock()
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
                self._answer(*line.take(self.path, body, self.headers.get("x-line-retry-key") or ""))

            def do_GET(self) -> None:
                self._answer(200, {"userId": "U0", "basicId": "@x", "displayName": "x", "type": "none"})

            def _answer(self, status: int, body: object) -> None:
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """A killed product breaks its connections: nothing to say of it."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def take(self, path: str, body: dict[str, object], retry_key: str) -> tuple[int, object]:
        """LINE's answer to a call."""
        if not path.endswith(("/reply", "/push")):
            return 200, {}
        key = str(body.get("replyToken", "")) or retry_key
        with self._lock:
            if key and self.taken[key]:
                self.refused += 1
                return (409, {"message": "used"}) if retry_key else (400, {"message": "Invalid reply token"})
            self.taken[key] += 1
        return 200, {"sentMessages": [{"id": str(time.monotonic_ns())}]}

    def close(self) -> None:
        """Stops answering."""
        self._server.shutdown()


@dataclass
class Acknowledged:
    """What the product took, by the senders' own names for it; and how often it had to be asked."""

    line_events: dict[str, str] = field(default_factory=dict)  # event id: its text
    chat_texts: list[str] = field(default_factory=list)
    case_texts: dict[str, str] = field(default_factory=dict)  # text: number ("" from the console's receipt)
    tries: Counter[str] = field(default_factory=Counter)  # by status, or "no answer"
    again: int = 0

    @property
    def number(self) -> int:
        return len(self.line_events) + len(self.chat_texts) + len(self.case_texts)


class Traffic:
    """Everybody at once, until told to stop. Each sender is a thread of its own."""

    def __init__(self, product: Product, seed: int) -> None:
        self._product = product
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []
        self._chooser = random.Random(seed)
        self.seed = seed
        self.took = Acknowledged()
        self.faults: list[str] = []
        self._client = httpx.Client(base_url=product.url, timeout=40, trust_env=False)
        self._visitor = self._client.post("/api/v1/chat/sessions", json={}).json()["token"]
        self._officer = Console(product).client
        self._neighbour = self._from_address(1)

    def start(self) -> None:
        """Begins."""
        senders = [lambda n, name=f"U{one:032x}": self._line(name, n) for one in range(3)]
        senders += [self._chat, self._case, self._desk]
        for number, send in enumerate(senders):
            thread = threading.Thread(target=self._go_on, args=(send, number), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Ends after what was begun is acknowledged."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS + 10)

    def said_by_chat(self) -> list[str]:
        """What the visitor has said, as the web chat shows it."""
        texts: list[str] = []
        cursor = "1"
        while True:
            page = self._client.get(
                "/api/v1/chat/messages",
                params={"after": cursor},
                headers={"authorization": f"Bearer {self._visitor}"},
            ).json()
            texts += [item["text"] for item in page["items"] if item["sender"] == "visitor"]
            if not page["items"] or page["cursor"] == cursor:
                return texts
            cursor = page["cursor"]

    def _go_on(self, send: Callable[[str], None], number: int) -> None:
        chooser = random.Random(self.seed * 1000 + number)
        turn = 0
        try:
            while not self._stopping.is_set():
                turn += 1
                send(f"{number}.{turn}")
                self._stopping.wait(chooser.uniform(0.05, 0.6))
        except Exception as error:  # the end of the run reports it
            self.faults.append(f"sender {number}: {type(error).__name__}: {error}"[:300])

    def _line(self, user: str, turn: str) -> None:
        event_id, text = f"E{self.seed}-{turn}", f"เมนู {turn}"
        event = {
            "type": "message",
            "webhookEventId": event_id,
            "timestamp": int(time.time() * 1000),
            "mode": "active",
            "replyToken": f"R{self.seed}-{turn}",
            "source": {"type": "user", "userId": user},
            "deliveryContext": {"isRedelivery": False},
            "message": {"type": "text", "id": f"M{self.seed}{turn}", "quoteToken": "q", "text": text},
        }
        body = json.dumps({"destination": "U0", "events": [event]}).encode()
        signature = base64.b64encode(hmac.digest(SECRET, body, hashlib.sha256)).decode()

        def post() -> httpx.Response:
            return self._client.post("/webhooks/line", content=body, headers={"x-line-signature": signature})

        self._until_taken(post, lambda _: self.took.line_events.update({event_id: text}))

    def _chat(self, turn: str) -> None:
        text = f"สวัสดี {turn}"
        message = {"text": text, "client_message_id": f"c{self.seed}-{turn}"}
        headers = {"authorization": f"Bearer {self._visitor}"}
        self._until_taken(
            lambda: self._client.post("/api/v1/chat/messages", json=message, headers=headers),
            lambda _: self.took.chat_texts.append(text),
        )
        self._stopping.wait(2.2)  # a visitor who writes faster is asked to wait

    def _case(self, turn: str) -> None:
        text = f"ถนนเป็นหลุมหน้าบ้านเลขที่ {turn}"
        headers = {"idempotency-key": f"faults-{self.seed}-{turn}"}
        caller = self._caller(int(turn.partition(".")[2]))
        self._until_taken(
            lambda: caller.post("/api/v1/cases", json={"text": text}, headers=headers),
            lambda answer: self.took.case_texts.update({text: answer.json()["number"].replace("-", "")}),
        )

    def _caller(self, turn: int) -> httpx.Client:
        """Another address for every few cases: one that files very many is made to wait."""
        if turn % CASES_OF_ONE == 0:
            self._neighbour.close()
            self._neighbour = self._from_address(1 + turn // CASES_OF_ONE % 250)
        return self._neighbour

    def _from_address(self, number: int) -> httpx.Client:
        transport = httpx.HTTPTransport(local_address=f"127.0.1.{number}")
        return httpx.Client(base_url=self._product.url, timeout=40, transport=transport)

    def _desk(self, turn: str) -> None:
        text = f"ไฟดับหน้าบ้านเลขที่ {turn}"
        page = self._page("/admin/cases/new")
        fields = {**hidden_fields(page, "/admin/cases/new"), "source": "phone", "text": text}
        fields["category"] = "ไฟฟ้าแสงสว่าง"
        self._until_taken(
            lambda: self._officer.post("/admin/cases/new", data=fields),
            lambda _: self.took.case_texts.update({text: ""}),
        )

    def _page(self, path: str) -> str:
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            with contextlib.suppress(httpx.TransportError):
                page = self._officer.get(path)
                if page.status_code == 200:
                    return page.text
                self.took.tries[str(page.status_code)] += 1
            time.sleep(0.3)
        raise TimeoutError(f"{path} did not come back")

    def _until_taken(
        self, post: Callable[[], httpx.Response], note: Callable[[httpx.Response], None]
    ) -> None:
        """Sends until it is acknowledged; what the product is not asked for (4xx) is a fault of the run."""
        end = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < end:
            try:
                answer = post()
            except httpx.TransportError:
                self.took.tries["no answer"] += 1
            else:
                self.took.tries[str(answer.status_code)] += 1
                if answer.is_success or answer.status_code == 303:
                    note(answer)
                    break
                if answer.status_code == 500:
                    self.faults.append(f"500 from {answer.request.url.path}")
                elif answer.status_code not in (429, 503):
                    raise RuntimeError(f"{answer.request.url.path}: {answer.status_code} {answer.text[:200]}")
            time.sleep(0.3)
        else:
            raise TimeoutError("nothing was acknowledged any more")
        if self._chooser.random() < AGAIN_SHARE:
            with contextlib.suppress(httpx.TransportError):
                post()
                self.took.again += 1
