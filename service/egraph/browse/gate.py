"""Who may ask the server, and what: a browser that has once shown the token, on this machine, to read.

Other pages that the browser has open, and names of other machines that lead here, get nothing.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = "127.0.0.1"
NAMES = (LOOPBACK, "localhost")
TOKEN = "token"
SAFE = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
CLOSED = "Open the address that the command printed: it holds the key to these pages."


@dataclass(frozen=True)
class Gate:
    """The keys of a server at a port. token: stands in the address that is printed; session: is in the cookie that the
    first opening sets."""

    port: int
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    session: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def cookie(self) -> str:
        """The cookie's name; browsers do not tell ports apart."""
        return f"egraph-{self.port}"

    @property
    def origin(self) -> str:
        """The address without a path."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def address(self) -> str:
        """The address that opens the pages."""
        return self.address_of("/")

    def address_of(self, path: str) -> str:
        """The address that opens one of the pages."""
        return f"{self.origin}{path}?{TOKEN}={self.token}"


class Guarded:
    """An application behind a gate; only paths that begin with one of `writing` may be asked for more than reading."""

    def __init__(self, app: ASGIApp, gate: Gate, writing: Sequence[str] = ()) -> None:
        self.app, self.gate, self.writing = app, gate, tuple(writing)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refused = self.refusal(scope) if scope["type"] == "http" else PlainTextResponse(CLOSED, 403)
        if refused is not None:
            refused.headers.update(HEADERS)
            await refused(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def refusal(self, scope: Scope) -> Response | None:
        """What is answered instead of a page; None where the page may be given."""
        headers = Headers(scope=scope)
        hosts = [f"{name}:{self.gate.port}" for name in NAMES]
        if headers.get("host") not in hosts:
            return PlainTextResponse(f"This server answers only at {self.gate.origin}.", 421)
        origin = headers.get("origin")
        own = [f"http://{host}" for host in hosts]
        if origin is not None and origin not in own:
            return PlainTextResponse("Another page asks; only its own pages may.", 403)
        if headers.get("sec-fetch-site", "none") not in ("none", "same-origin") and (
            headers.get("sec-fetch-mode") != "navigate" or scope["method"] not in SAFE
        ):
            return PlainTextResponse("Another page asks; only its own pages may.", 403)
        if scope["method"] not in SAFE and not (self.writing and scope["path"].startswith(self.writing)):
            return PlainTextResponse("These pages are only read.", 405, {"Allow": ", ".join(SAFE)})
        if scope["method"] not in SAFE and origin is None:
            return PlainTextResponse("A page must say that it asks.", 403)
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        for name, value in asked:
            if name == TOKEN and secrets.compare_digest(value.encode(), self.gate.token.encode()):
                return self._opened(scope, [pair for pair in asked if pair[0] != TOKEN])
        shown = cookie_parser(headers.get("cookie", "")).get(self.gate.cookie, "")
        if not secrets.compare_digest(shown.encode(), self.gate.session.encode()):
            return PlainTextResponse(CLOSED, 403)
        return None

    def _opened(self, scope: Scope, rest: Sequence[tuple[str, str]]) -> Response:
        """The token becomes a cookie, and leaves the address."""
        path = "/" + scope["raw_path"].decode("latin-1").partition("?")[0].lstrip("/")
        there = RedirectResponse(path + (f"?{urlencode(rest)}" if rest else ""), 303)
        # Lax: a link from Neo4j Browser opens a page, and nothing else of another site is answered.
        there.set_cookie(self.gate.cookie, self.gate.session, httponly=True, samesite="lax", path="/")
        return there
