"""The guard before the page: only the browser that was given the token, on this machine, under this machine's name.

What it turns away: other users and programs that find the port (token), pages elsewhere that send requests through the
person's browser (cookie that never leaves the site, origin), and names elsewhere that resolve to this machine, the way
around same-origin rules known as DNS rebinding (host).
"""

from __future__ import annotations

import logging
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

# A request says which clip and which shot; nothing of that is long.
_MOST_BODY_BYTES = 64 * 1024
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "media-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """Goes around an application, which then sees only requests that may be answered."""

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})
        # Cookies know no ports: two studios at once must not take each other's.
        self.cookie = f"reinterpret-studio-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI wants it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return

        async def sealed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = self._answer(scope)
        await (self._app if answer is None else answer)(scope, receive, sealed)

    def _answer(self, scope: Scope) -> Response | None:
        """What is said in the application's place; None where the request may pass."""
        headers = Headers(scope=scope)
        host = headers.getlist("host")
        if len(host) != 1 or host[0].lower() not in self._hosts:
            return _refused(scope, "this page answers under the name 127.0.0.1 alone; use the address it has printed")
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token")
        if scope["path"] == "/" and given is not None:
            if not secrets.compare_digest(given[0].encode(), self._token.encode()):
                return _refused(scope, "the address has expired; use the one that reinterpret studio printed last")
            # Once in the cookie, the token has no business in the address bar and the history.
            entered = RedirectResponse("/", status_code=303)
            entered.set_cookie(self.cookie, self._token, httponly=True, samesite="strict")
            return entered
        if not secrets.compare_digest(self._cookie_of(headers).encode(), self._token.encode()):
            return _refused(scope, "this page opens with the whole address that reinterpret studio has printed")
        if scope["method"] in ("GET", "HEAD"):
            return None
        if headers.get("origin", "").removeprefix("http://").lower() != host[0].lower():
            return _refused(scope, "only this page itself may change the edit")
        length = headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _MOST_BODY_BYTES:
            return _refused(scope, f"a request has a length of at most {_MOST_BODY_BYTES} bytes", status=413)
        return None

    def _cookie_of(self, headers: Headers) -> str:
        try:
            found = SimpleCookie(headers.get("cookie", "")).get(self.cookie)
        except CookieError:
            return ""
        return "" if found is None else found.value


def _refused(scope: Scope, sentence: str, *, status: int = 403) -> Response:
    logger.warning("refused: %s %r (%s)", scope["method"], scope["path"], sentence)
    if scope["path"] == "/":
        return PlainTextResponse(f"{sentence[0].upper()}{sentence[1:]}.\n", status_code=status)
    return JSONResponse({"error": sentence}, status_code=status)
