"""A desk at which a person draws a part's boxes, photo after photo, while egraph learns from those that are there."""

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from egraph.aog.storage import find_aogs, list_aogs, read_aog
from egraph.browse.gate import Gate
from egraph.browse.labels import label_application
from egraph.commands.browse import listening, serve
from egraph.commands.build import build_aog
from egraph.commands.parts import follow_labels, mined_objects
from egraph.commands.requests import BuildRequest, DeskRequest, FollowRequest
from egraph.commands.suggest import suggestions
from egraph.errors import EgraphError, InputError, NothingYetError
from egraph.graph.connection import Database, open_database
from egraph.graph.constraints import ensure_schema
from egraph.graph.objects import box_list, check_names
from egraph.graph.parts import add_labels, labelled_objects, remove_labels
from egraph.graph.read import read_graph
from egraph.photos.annotations import read_annotations
from egraph.photos.boxes import clip_inside
from egraph.photos.folder import read_folder
from egraph.photos.photo import Box, PhotoObject
from egraph.progress import Progress
from egraph.report.site import SERVER_PORT
from egraph.settings import Settings

log = logging.getLogger(__name__)

ENOUGH = 3
"""Objects with a box from which on the part is learnt, and looked for on the others."""


@dataclass(frozen=True)
class Found:
    """Where the part was found on an object, to be corrected. confidence: that the place is right; worth: of a box
    there, to the And-Or graph."""

    box: Box
    confidence: float
    worth: float


class Desk:
    """The photos of a folder, the boxes of one part on them, and where the part was found on the others.

    Boxes are in the database as soon as `keep` returns. Learning follows in a thread of its own, a few seconds later;
    what is drawn meanwhile is learnt from in its next round. All methods may be called from several threads.
    """

    def __init__(self, settings: Settings, request: DeskRequest, progress: Progress | None = None) -> None:
        """
        Raises:
            InputError: no photo can be used.
            DatabaseError: the database cannot be reached.
        """
        check_names(request.category, request.part)
        self.settings, self.request = settings, request
        self.category, self.part = request.category, request.part
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._ending = False
        self._found: dict[str, Found] = {}
        self._told = ""
        with open_database(settings) as database:
            ensure_schema(database)
            mined = mined_objects(database, request.category)
            self._graphs = list(mined)
            self.objects = _objects(request, [o for objects in mined.values() for o in objects.values()], progress)
            self._read_found(database)
        # those on which a box teaches most come first, as `aog suggest` proposes them
        order = sorted(self.objects, key=lambda id: -self._found[id].worth if id in self._found else 0.0)
        self.objects = {id: self.objects[id] for id in order}
        self._learner = threading.Thread(target=self._learn, name="egraph-label", daemon=True)
        self._learner.start()

    def state(self) -> dict[str, Any]:
        """What the page shows: the objects with their boxes, those that are found, and how far learning is.

        Raises:
            DatabaseError: the database cannot be reached.
        """
        with open_database(self.settings) as database:
            boxes = self._boxes(database)
        with self._lock:
            found, told = dict(self._found), self._told
        return {
            "boxes": sum(len(some) for some in boxes.values()),
            "told": told or self._waiting(len(boxes)),
            "frames": [self._frame(id, boxes.get(id, ()), found.get(id)) for id in self.objects],
        }

    def keep(self, id: str, box: Box) -> None:
        """Keep a box of the part on an object, clipped to it.

        Raises:
            InputError: there is no such object, or the box lies beside it.
            DatabaseError: the database cannot be reached.
        """
        shown = self.object(id)
        clipped = clip_inside(box, shown.box, shown.box)
        if clipped is None:
            raise InputError(f"The box {box_list(box)} does not lie inside the object {box_list(shown.box)}.")
        with self._lock, open_database(self.settings) as database:
            labelled = replace(shown, parts={self.request.part: (clipped,)})
            add_labels(database, [labelled], self.request.category, self.request.part, unplaced=True)
        self._changed.set()

    def undo(self, id: str) -> None:
        """Take back the boxes of the part on an object; those on other objects of its photo stay.

        Raises:
            InputError: there is no such object.
            DatabaseError: the database cannot be reached.
        """
        shown, part, category = self.object(id), self.request.part, self.request.category
        with self._lock, open_database(self.settings) as database:
            beside = [o for o in self._labelled(database) if o.sha256 == shown.sha256 and o.id != id]
            try:
                remove_labels(database, category, part, shown.sha256)
            except NothingYetError:
                return
            add_labels(database, [replace(o, parts={part: o.parts[part]}) for o in beside], category, part)
        self._changed.set()

    def object(self, id: str) -> PhotoObject:
        """An object of the desk.

        Raises:
            InputError: there is no such object.
        """
        if id not in self.objects:
            raise InputError("This photo is not one of those that are labelled here.")
        return self.objects[id]

    def close(self) -> None:
        """Stop learning; what is being learnt is finished first."""
        self._ending = True
        self._changed.set()
        self._learner.join()

    def _frame(self, id: str, boxes: Sequence[Box], found: Found | None) -> dict[str, Any]:
        shown = self.objects[id]
        there = None
        if found is not None:
            there = {"box": box_list(found.box), "confidence": found.confidence, "worth": found.worth}
        return {
            "id": id,
            "name": shown.path.name,
            "width": shown.photo_width,
            "height": shown.photo_height,
            "object": box_list(shown.box),
            "boxes": [box_list(box) for box in boxes],
            "found": there,
        }

    def _labelled(self, database: Database) -> list[PhotoObject]:
        return [o for o in labelled_objects(database, self.request.category) if o.parts.get(self.request.part)]

    def _boxes(self, database: Database) -> dict[str, Sequence[Box]]:
        return {o.id: o.parts[self.request.part] for o in self._labelled(database) if o.id in self.objects}

    def _waiting(self, labelled: int) -> str:
        if not self._graphs:
            return f"There is no graph of {self.request.category} yet; the boxes are kept until one is mined."
        if labelled < ENOUGH:
            return f"After {ENOUGH} boxes the {self.request.part} is looked for on the other photos."
        return ""

    def _learn(self) -> None:
        """Whenever boxes have changed: learn the part, and read where it was found."""
        while True:
            self._changed.wait()
            self._changed.clear()
            if self._ending:
                return
            try:
                with open_database(self.settings) as database:
                    labelled = len([o for o in self._labelled(database) if o.id in self.objects])
                if not self._graphs or labelled < ENOUGH:
                    self._say("")
                    continue
                self._say(f"Learning the {self.request.part} from {labelled} objects …")
                self._learn_once()
                self._say(f"Learnt from {labelled} objects; found places are dashed, the most useful ones come next.")
            except EgraphError as error:
                self._say(f"Boxes are kept, but learning failed: {error}")
            except Exception:
                log.exception("learning failed")
                self._say("Boxes are kept, but learning failed; `egraph aog build` says why.")

    def _learn_once(self) -> None:
        """Count anew, learn, and read where the part was found; an And-Or graph that was changed by hand stays."""
        request = self.request
        follow = FollowRequest(request.category, request.part, request.weights, request.device)
        built = follow_labels(self.settings, follow).aogs
        with open_database(self.settings) as database:
            there = any(aog.part == request.part for aog in list_aogs(database, request.category))
        if not built and not there:
            build_aog(
                self.settings,
                BuildRequest(request.category, request.part, weights=request.weights, device=request.device),
            )
        with open_database(self.settings) as database:
            self._read_found(database)

    def _say(self, sentence: str) -> None:
        with self._lock:
            self._told = sentence

    def _read_found(self, database: Database) -> None:
        """Where the And-Or graph found the part on objects without a box; nothing where there is no such graph."""
        try:
            summary = find_aogs(database, self.request.category, self.request.part)[0]
        except EgraphError:
            return
        graph = read_graph(database, summary.graph, placing=True)
        aog = read_aog(database, summary.id, graph)
        boxed = {o.id for o in self._labelled(database)}
        made = suggestions(graph, aog, boxed, len(graph.objects))
        found = {one.object: Found(one.box, one.place_confidence, one.worth) for one in made}
        with self._lock:
            self._found = found


def label_photos(
    settings: Settings,
    request: DeskRequest,
    port: int = SERVER_PORT,
    opened: Callable[[Gate], None] | None = None,
    progress: Progress | None = None,
) -> None:
    """Serve the page on which a person draws boxes, until it is interrupted; `opened` is told the address.

    Raises:
        UsageError: the port is taken.
        InputError: no photo can be used.
        DatabaseError: the database cannot be reached.
    """
    with (
        listening(port) as listener,
        closing(Desk(settings, request, progress)) as desk,
        open_database(settings, reader=True) as database,
    ):
        gate = Gate(listener.getsockname()[1])
        serve(label_application(database, desk, gate), gate, listener, opened)


def _objects(request: DeskRequest, mined: Sequence[PhotoObject], progress: Progress | None) -> dict[str, PhotoObject]:
    """By id: those of the annotations, else the mined objects of the folder's photos, and whole photos of the rest.

    Raises:
        InputError: no photo can be used.
    """
    if request.annotations is not None:
        folder = request.photos
        named = read_annotations(request.annotations, folder, request.category, progress=progress).objects
        return {o.id: replace(o, parts={}) for o in named}
    by_photo: dict[str, dict[str, PhotoObject]] = {}
    for one in mined:
        by_photo.setdefault(one.sha256, {})[one.id] = one
    shown: dict[str, PhotoObject] = {}
    for whole in read_folder(request.photos, progress=progress).objects:
        # where the photo is now
        known = [replace(one, path=whole.path) for one in by_photo.get(whole.sha256, {}).values()]
        shown |= {one.id: one for one in known or [whole]}
    return shown
