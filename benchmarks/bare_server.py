"""The least that could acknowledge a LINE webhook: check the signature, commit the raw event, answer.

    python -m benchmarks.bare_server PORT DATABASE_FILE

FastAPI on uvicorn (httptools, uvloop) and the same SQLite settings as the product; nothing is worked on.
"""

import base64
import hashlib
import hmac
import json
import sqlite3
import sys
import threading

import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from benchmarks.load import SECRET


def create_app(file: str) -> FastAPI:
    app = FastAPI()
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE events (id TEXT PRIMARY KEY, payload TEXT)")
    lock = threading.Lock()

    def store(rows: list[tuple[str, str]]) -> None:
        with lock:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT OR IGNORE INTO events VALUES (?, ?)", rows)
            connection.execute("COMMIT")

    @app.post("/webhooks/line")
    async def webhook(request: Request) -> Response:
        body = await request.body()
        mac = base64.b64encode(hmac.new(SECRET.encode(), body, hashlib.sha256).digest())
        if not hmac.compare_digest(mac, request.headers.get("x-line-signature", "").encode()):
            return Response(status_code=401)
        events = json.loads(body)["events"]
        await run_in_threadpool(store, [(event["webhookEventId"], json.dumps(event)) for event in events])
        return Response()

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    return app


if __name__ == "__main__":
    uvicorn.run(
        create_app(sys.argv[2]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=False,
        http="httptools",
        log_level="warning",
    )
