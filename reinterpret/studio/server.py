"""The server: a page goes in, a web application on this machine alone comes out, and runs until it is interrupted."""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from reinterpret.errors import ConflictError, FfmpegError, OutputError, ReinterpretError, VideoError
from reinterpret.studio.commands import Command
from reinterpret.studio.guard import Guard
from reinterpret.studio.page import Page
from reinterpret.studio.proxies import Proxies, Wanted

logger = logging.getLogger(__name__)

_HERE = Path(__file__).parent
_ADDRESS = "127.0.0.1"
# Somebody may have several studios open; more than these is a mistake.
_PORTS_TRIED = 50
_LIKE = re.compile(r"(\d{1,6}):(\d{1,9})", re.ASCII)
_MOST_LEFT_OUT = 200
# A made proxy never changes: its address says all that it depends on.
_KEPT = {"Cache-Control": "private, max-age=86400, immutable"}


class Studio:
    """The addresses of a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def add_to(self, app: FastAPI) -> None:
        """Register all of them."""
        app.add_api_route("/", self.index, response_class=HTMLResponse)
        app.add_api_route("/state", self._page.state)
        app.add_api_route("/status", self._page.status)
        app.add_api_route("/waveform", self._page.waveform)
        app.add_api_route("/clips/{clip}/suggestions", self.suggestions, response_class=HTMLResponse)
        app.add_api_route("/edit/{verb}", self.edit, methods=["POST"])
        app.add_api_route("/render", self._page.render, methods=["POST"])
        app.add_api_route("/render/stop", self._page.stop, methods=["POST"])
        app.add_api_route("/preview/{nonce}/{revision}.mp4", self.preview)
        app.add_api_route("/media/{nonce}/still/{film}/{place}/{height}.jpg", self.still)
        app.add_api_route("/media/{nonce}/moving/{film}/{first}-{end}/{height}.mp4", self.moving)
        app.mount("/static", StaticFiles(directory=_HERE / "static"))

    def index(self) -> HTMLResponse:
        """The whole page."""
        return self._html("studio.html", frame=self._page.frame(), state=self._page.state())

    def suggestions(
        self,
        clip: int,
        by: str = "",
        film: int | None = None,
        text: Annotated[str, Query(max_length=200)] = "",
        like: str = "",
        without: Annotated[list[int] | None, Query(max_length=_MOST_LEFT_OUT)] = None,
        page: Annotated[int, Query(ge=0, le=10_000)] = 0,
    ) -> HTMLResponse:
        """What is suggested for a shot. like: FILM:SHOT. without: numbers of films."""
        found = _LIKE.fullmatch(like)
        if (like and found is None) or clip < 0:
            raise LookupError("there are no such suggestions")
        alike = None if found is None else (int(found[1]), int(found[2]))
        shown = self._page.suggestions(clip, by=by, film=film, text=text, like=alike, without=without or (), page=page)
        return self._html("suggestions.html", media=self._page.media, **shown)

    def edit(self, verb: str, command: Command) -> dict[str, Any]:
        """Change the edit."""
        return self._page.command(verb, command)

    def preview(self, nonce: str, revision: int) -> FileResponse:
        """The whole edit as one film."""
        self._check(nonce)
        return FileResponse(self._page.preview.path(revision), media_type="video/mp4", headers=_KEPT)

    async def still(self, request: Request, nonce: str, film: int, place: int, height: int) -> Response:
        """A frame of a film, as a JPEG."""
        self._check(nonce)
        wanted = self._page.films.still(film, place, height)
        try:
            return await _made(request, self._page.proxies, wanted, "image/jpeg")
        except VideoError:
            # The film is gone: what the library remembers of it is better than nothing.
            kept = await run_in_threadpool(self._page.kept_thumbnail, film, place)
            if kept is None:
                raise
            return Response(kept, media_type="image/jpeg")

    async def moving(self, request: Request, nonce: str, film: int, first: int, end: int, height: int) -> Response:
        """A stretch of a film, small, in H.264."""
        self._check(nonce)
        wanted = self._page.films.moving(film, first, end, height)
        return await _made(request, self._page.proxies, wanted, "video/mp4")

    def _check(self, nonce: str) -> None:
        if nonce != self._page.nonce:
            raise LookupError("this picture is of a session that is over")

    def _html(self, template: str, **values: Any) -> HTMLResponse:
        return HTMLResponse(self._templates.get_template(template).render(values))


async def _made(request: Request, proxies: Proxies, wanted: Wanted, kind: str) -> Response:
    """A proxy, as soon as it is there; given up when the browser does not want it any more."""
    with proxies.order(wanted) as order:
        made = asyncio.wrap_future(order.made)
        while not (await asyncio.wait([made], timeout=0.2))[0]:
            if await request.is_disconnected():
                return Response(status_code=499)
        if made.cancelled():
            return Response(status_code=503)
        return FileResponse(made.result(), media_type=kind, headers=_KEPT)


def create_app(page: Page, *, token: str, port: int) -> Guard:
    """The application, behind its guard. port: where it will listen, as its host's name says."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, **_untraced())
    Studio(page).add_to(app)

    def conflict(request: Request, error: Exception) -> JSONResponse:
        return _sentence(409, str(error), revision=page.session.state().revision)

    def missing(request: Request, error: Exception) -> JSONResponse:
        sentence = str(error.args[0]) if error.args and not isinstance(error, KeyError) else "there is no such thing"
        return _not_there(request, sentence)

    app.add_exception_handler(ConflictError, conflict)
    app.add_exception_handler(LookupError, missing)
    app.add_exception_handler(OutputError, lambda _, error: _sentence(507, str(error)))
    for kind in (VideoError, FfmpegError):
        app.add_exception_handler(kind, lambda _, error: _sentence(404, str(error)))
    app.add_exception_handler(ReinterpretError, lambda _, error: _sentence(400, str(error)))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _failed)
    return Guard(app, token=token, port=port)


def _untraced() -> dict[str, Any]:
    """What keeps FastAPI from giving an account of every request, words that are looked for included, to a tracer.

    0.165 does where a program has set one up, and sets one up itself where the environment asks for it.
    """
    if "telemetry" not in inspect.signature(FastAPI).parameters:
        return {}
    parts = ("tracing", "metrics", "logs", "operation_spans", "auto_configure")
    return {"telemetry": dict.fromkeys(parts, False)}


def _sentence(status: int, sentence: str, **more: Any) -> JSONResponse:
    return JSONResponse({"error": sentence, **more}, status_code=status)


def _not_there(request: Request, sentence: str) -> JSONResponse:
    logger.warning("404: %s %r", request.method, request.url.path)
    return _sentence(404, sentence)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["loc"][0] == "path":
        return _not_there(request, "there is no such address")
    where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
    return _sentence(422, f"{where}: {first['msg'][:1].lower()}{first['msg'][1:]}")


def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _not_there(request, "there is no such address")
    return _sentence(error.status_code, str(error.detail))


def _failed(request: Request, error: Exception) -> JSONResponse:
    logger.error("%s %s failed: %s: %s", request.method, request.url.path, type(error).__name__, error)
    return _sentence(500, f"something went wrong here ({type(error).__name__}); the edit is as it was")


def listen(port: int) -> socket.socket:
    """A socket on this machine alone, at `port` or the next one that is free. Raises OutputError."""
    for number in range(port, min(port + _PORTS_TRIED, 65_536)):
        found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((_ADDRESS, number))
            found.listen()
        except OSError:
            found.close()
            continue
        return found
    raise OutputError(f"no port from {port} to {port + _PORTS_TRIED - 1} is free; name another with --port")


def serve(page: Page, listener: socket.socket, *, on_ready: Callable[[str], None]) -> None:
    """Answer until interrupted. on_ready: told the address, with its token, as soon as it can be opened."""
    import uvicorn

    port = int(listener.getsockname()[1])
    token = secrets.token_urlsafe(32)
    app = create_app(page, token=token, port=port)
    config = uvicorn.Config(
        app, log_config=None, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=1
    )
    # The socket listens already: whoever comes before the first `accept` waits for it.
    on_ready(f"http://{_ADDRESS}:{port}/?token={token}")
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        page.close()
