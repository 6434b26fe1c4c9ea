"""Running what `composition` builds: the web server, or the background worker alone, until told to stop."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from starlette.concurrency import run_in_threadpool

from bot.composition import MountConsole, System, build, create_app, warm
from eservice.demo import first_start
from eservice.kit import in_use
from eservice.kit.errors import ErrorKind, ServiceError
from eservice.kit.migrate import migrate
from eservice.kit.settings import Settings, local_address

GRACE_SECONDS = 5


class _Server(uvicorn.Server):
    """Tells open streams to end as soon as a signal asks the server to stop."""

    def __init__(self, config: uvicorn.Config, stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._stopping()
        super().handle_exit(sig, frame)
        self._captured_signals.clear()  # else uvicorn ends by the signal: we stopped in order, which is success


def _welcome(system: System, host: str, port: int) -> str:
    """Where to click, in Thai and English."""
    link = first_start.first_link(system.database)
    here, public = local_address(host, port), system.settings.public_url
    lines = [
        "",
        "เพื่อนบ้านพร้อมแล้ว เปิดหน้าเหล่านี้ในเบราว์เซอร์ / ready, open in a browser:",
        f"  หน้าเว็บประชาชน (portal)   {here}/",
        f"  คุยกับผู้ช่วย (chat)        {here}/chat",
        f"  ห้องเจ้าหน้าที่ (staff)      {here}{link or '/admin'}",
        *([f"  คนอื่นเปิดที่ (public)        {public}/"] if public != here else []),
        *(["  ลิงก์เจ้าหน้าที่ใช้ได้ครั้งเดียว / the staff link works once"] if link else []),
        "  หยุด: กด Ctrl+C / stop with Ctrl+C",
        "",
    ]
    return "\n".join(lines)


def serve(
    settings: Settings,
    mount_console: MountConsole,
    *,
    host: str,
    port: int,
    with_worker: bool,
    with_demo: bool,
) -> int:
    """Applies migrations, gives an empty database its office, serves until told to stop. Returns the exit code.

    Raises ServiceError `operations.port_taken` before anything is touched, `operations.being_restored`,
    `operations.demo_in_production`.
    """
    door = _bind(host, port)
    port = door.getsockname()[1]
    system = build(settings.served_at(host, port))
    with in_use.shared(system.database):
        return _serve(system, door, mount_console, host=host, with_worker=with_worker, with_demo=with_demo)


def _serve(
    system: System,
    door: socket.socket,
    mount_console: MountConsole,
    *,
    host: str,
    with_worker: bool,
    with_demo: bool,
) -> int:
    settings, port = system.settings, door.getsockname()[1]
    migrate(system.database)
    first_start.prepare(system.database, with_demo=with_demo and settings.app_env != "production")
    first_start.refuse_demo_in_production(settings, system.database)
    system.settings.note_served()
    print(_welcome(system, host, port), flush=True)
    app = create_app(system, mount_console, with_worker=with_worker)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="auto",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        forwarded_allow_ips=settings.trusted_proxies or "",
        proxy_headers=bool(settings.trusted_proxies),
    )
    server = _Server(config, lambda: _stop_streams(system))
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn has stopped in order, and hands Ctrl+C on
        server.run(sockets=[door])
    return 0 if server.started else 1


def _bind(host: str, port: int) -> socket.socket:
    """The socket to serve on, taken first: who comes second hears so at once, and changes nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
    except OSError as error:
        door.close()
        parameters = {"host": host, "port": str(port), "reason": error.strerror or str(error)}
        raise ServiceError("operations.port_taken", ErrorKind.UNAVAILABLE, parameters=parameters) from error
    return door


def _stop_streams(system: System) -> None:
    system.stopping.set()
    system.signals.close()


def work(settings: Settings) -> None:
    """Applies migrations, then works in the background until told to stop."""
    system = build(settings.as_last_served())
    with in_use.shared(system.database):
        migrate(system.database)
        asyncio.run(_work(system))


async def _work(system: System) -> None:
    loop = asyncio.get_running_loop()
    worker = system.worker()

    def stop() -> None:
        system.stopping.set()
        worker.stop()
        system.signals.close()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    system.signals.listen()
    await run_in_threadpool(warm, system)
    await system.connections.refresh()
    await system.connections.open()
    following = asyncio.gather(
        system.faq.keep_fresh(system.signals, system.stopping),
        system.connections.keep_current(system.signals, system.stopping),
    )
    await worker.run()
    await following
    await system.connections.close()
    system.database.dispose()
