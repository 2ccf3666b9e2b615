"""Where alerts arrive: a web server and a mail server on loopback, which may refuse or hang."""

import json
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Postbox:
    """What came in. `status`: what the web server answers; while `hanging`, nothing is answered."""

    port: int = 0
    status: int = 200
    posts: list[dict[str, Any]] = field(default_factory=list)
    gets: list[str] = field(default_factory=list)
    mails: list[str] = field(default_factory=list)
    tries: int = 0
    hanging: bool = False
    release: threading.Event = field(default_factory=threading.Event)

    def told(self) -> list[tuple[str, str]]:
        """Kind and state of what was posted, in order."""
        return [(one["kind"], one["state"]) for one in self.posts]


@contextmanager
def web() -> Iterator[Postbox]:
    """A web server that takes what is posted to it."""
    box = Postbox()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            box.tries += 1
            if box.hanging:
                box.release.wait(60)
                return
            if box.status < 300:
                box.posts.append(json.loads(body))
            self._answer()

        def do_GET(self) -> None:
            box.gets.append(self.path)
            self._answer()

        def _answer(self) -> None:
            self.send_response(box.status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield box
    finally:
        box.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _MailTaker(socketserver.StreamRequestHandler):
    box: Postbox
    trust: ssl.SSLContext | None
    from_the_beginning: bool

    def handle(self) -> None:
        self.box.tries += 1
        if self.box.hanging:
            self.box.release.wait(60)
            return
        if self.trust is not None and self.from_the_beginning:
            self._encrypt(self.trust)
        self._say("220 here")
        self._talk()

    def _encrypt(self, trust: ssl.SSLContext) -> None:
        self.request = trust.wrap_socket(self.request, server_side=True)
        self.setup()

    def _talk(self) -> None:
        for line in self.rfile:
            match line.decode().upper().split(maxsplit=1)[:1]:
                case ["DATA"]:
                    self._say("354 go on")
                    self.box.mails.append(self._text())
                    self._say("250 taken")
                case ["QUIT"]:
                    self._say("221 bye")
                    return
                case ["MAIL"] if self.box.status >= 500:
                    self._say(f"{self.box.status} not from you")
                case ["EHLO"] if self.trust is not None:
                    self._say("250-here\r\n250-STARTTLS\r\n250 AUTH PLAIN")
                case ["STARTTLS"] if self.trust is not None:
                    self._say("220 go on")
                    self._encrypt(self.trust)
                    self._talk()
                    return
                case ["AUTH"]:
                    self.box.gets.append(line.decode().split()[-1])
                    self._say("235 welcome")
                case _:
                    self._say("250 fine")

    def _text(self) -> str:
        lines = []
        while (line := self.rfile.readline().decode()) not in {".\r\n", ""}:
            lines.append(line)
        return "".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mail_server(
    trust: ssl.SSLContext | None = None, *, from_the_beginning: bool = False
) -> Iterator[Postbox]:
    """A mail server that takes every mail, or (`status` 5xx) refuses it.

    With `trust` it offers STARTTLS and takes a login, or is encrypted from the beginning.
    """
    box = Postbox()

    kind = {"box": box, "trust": trust, "from_the_beginning": from_the_beginning}
    handler = type("MailTaker", (_MailTaker,), kind)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    server = Server(("127.0.0.1", 0), handler)
    box.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield box
    finally:
        box.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
