"""The page on which a person draws the boxes of a part; the other pages stand beside it."""

import json
import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from egraph.browse.addresses import ServedSite
from egraph.browse.app import AWAY, KEPT, Pages, html, lost
from egraph.browse.gate import Gate, Guarded
from egraph.errors import DatabaseError, EgraphError, InputError
from egraph.graph.connection import Database
from egraph.photos.crop import PhotoError
from egraph.photos.image import read_pixels, to_rgb
from egraph.photos.photo import Box, PhotoObject
from egraph.report.cutouts import webp, whole_picture
from egraph.report.pages import page, render

PATH = "/label"
THUMBNAIL = 144
LARGEST = 1600
"""Of the longer side of the photo that is drawn on."""
LONGEST = 10_000
"""Bytes of a request."""


class Desk(Protocol):
    """What the page needs of `commands.labelling.Desk`."""

    category: str
    part: str

    def state(self) -> dict[str, Any]: ...
    def keep(self, id: str, box: Box) -> None: ...
    def undo(self, id: str) -> None: ...
    def object(self, id: str) -> PhotoObject: ...


class Labels:
    """Answers the page's requests."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def routes(self) -> list[Route]:
        """What can be asked for."""
        return [
            Route(PATH, self.page),
            Route(f"{PATH}/state", answering(self.state)),
            Route(f"{PATH}/keep", self.keep, methods=["POST"]),
            Route(f"{PATH}/undo", self.undo, methods=["POST"]),
            Route(f"{PATH}/photo/{{id:path}}", answering(self.photo)),
        ]

    def page(self, request: Request) -> Response:
        """The page; its script asks for everything else."""
        site = ServedSite()
        addresses = {name: f"{PATH}/{name}" for name in ("state", "keep", "undo")} | {"photo": f"{PATH}/photo/"}
        content = render("label.html", site=site, category=self.desk.category, part=self.desk.part, addresses=addresses)
        return html(page(site, f"Label {self.desk.part}", content))

    def state(self, request: Request) -> Response:
        """All objects, their boxes, and where the part was found."""
        return JSONResponse(self.desk.state(), headers=AWAY)

    async def keep(self, request: Request) -> Response:
        """Keep a box."""
        return await self._changed(request, lambda asked: self.desk.keep(asked["id"], box_of(asked.get("box"))))

    async def undo(self, request: Request) -> Response:
        """Take an object's boxes back."""
        return await self._changed(request, lambda asked: self.desk.undo(asked["id"]))

    def photo(self, request: Request) -> Response:
        """A photo of the desk, and no other file: whole, or the object in small."""
        shown = self.desk.object(request.path_params["id"])
        if "small" in request.query_params:
            return Response(webp(whole_picture(shown, THUMBNAIL)), 200, KEPT, "image/webp")
        picture = to_rgb(read_pixels(shown.path), shown.path)
        picture.thumbnail((LARGEST, LARGEST))
        return Response(webp(picture), 200, KEPT, "image/webp")

    async def _changed(self, request: Request, change: Callable[[dict[str, Any]], None]) -> Response:
        """Do what is asked, and answer with all that there is then."""
        if request.headers.get("content-type", "").partition(";")[0] != "application/json":
            return said(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This page sends JSON.")
        body = b""
        async for some in request.stream():
            body += some
            if len(body) > LONGEST:
                return said(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "This is more than one box.")

        def work() -> Response:
            asked = read_asked(body)
            change(asked)
            return JSONResponse(self.desk.state(), headers=AWAY)

        return await run_in_threadpool(answering(lambda _: work()), request)


def answering(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """An answer whose failures are JSON with a sentence."""

    def answered(request: Request) -> Response:
        try:
            return answer(request)
        except PhotoError as error:
            return said(HTTPStatus.NOT_FOUND, str(error))
        except DatabaseError as error:
            return said(HTTPStatus.SERVICE_UNAVAILABLE, str(error))
        except EgraphError as error:
            return said(HTTPStatus.BAD_REQUEST, str(error))

    return answered


def said(status: HTTPStatus, sentence: str) -> Response:
    """A refusal that the page shows."""
    return JSONResponse({"error": sentence}, status, AWAY)


def read_asked(body: bytes) -> dict[str, Any]:
    """What a request asks.

    Raises:
        InputError: it is no JSON object with an object's id.
    """
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise InputError("What was sent is no JSON.") from error
    if not isinstance(asked, dict) or not isinstance(asked.get("id"), str):
        raise InputError("What was sent names no object.")
    return asked


def box_of(values: Any) -> Box:
    """A box from JSON.

    Raises:
        InputError: it is none.
    """
    numbers = isinstance(values, list) and len(values) == 4 and all(type(v) in (int, float) for v in values)
    if not numbers or not all(math.isfinite(v) for v in values) or min(values[2:]) <= 0:
        raise InputError("What was sent is no box: x, y, width, height in pixels.")
    return Box(*map(float, values))


def label_application(database: Database, desk: Desk, gate: Gate) -> Guarded:
    """The page for labelling and all pages of the graphs, behind one gate; only boxes can be changed."""
    routes = [*Labels(desk).routes(), *Pages(database).routes()]
    return Guarded(
        Starlette(routes=routes, exception_handlers={HTTPException: lost}), gate, (f"{PATH}/keep", f"{PATH}/undo")
    )
