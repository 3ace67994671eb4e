"""Where the server's pages and pictures are."""

from collections.abc import Sequence
from urllib.parse import quote, urlencode

from markupsafe import Markup

from egraph.photos.photo import PhotoObject
from egraph.report.site import Site, cut_of
from egraph.report.views import GraphRow, Sighting

SAFE = "/@:,"


class ServedSite(Site):
    """The addresses of a server; pictures are asked for by themselves, pages need not wait for them."""

    live = True
    inline = False
    home = "/"
    search = "/search"
    lazy = Markup(' loading="lazy"')

    @property
    def style(self) -> str:
        return "/static/style.css"

    @property
    def script(self) -> str:
        return "/static/page.js"

    @property
    def policy(self) -> str | None:
        """The server says it with every answer."""
        return None

    def graph(self, graph: GraphRow) -> str | None:
        return f"/graph/{quote(graph.id, SAFE)}"

    def mixed(self, graph: GraphRow) -> str | None:
        return f"/mixed/{quote(graph.id, SAFE)}"

    def pattern(self, graph: GraphRow, id: str) -> str | None:
        return f"/pattern/{quote(id, SAFE)}"

    def filter(self, graph: GraphRow, layer: str, channel: int) -> str | None:
        return f"/filter/{quote(f'{graph.id}/{layer}/{channel}', SAFE)}"

    def part(self, graph: GraphRow, part: str) -> str | None:
        return f"/part/{quote(f'{graph.id}/{part}', SAFE)}"

    def object(self, graph: GraphRow, id: str) -> str | None:
        return f"/object/{quote(f'{graph.id}/{id}', SAFE)}"

    def draw(self, graph: GraphRow, patterns: Sequence[str], opened: str | None = None) -> str | None:
        """A drawing of some patterns, and of the partners of one more."""
        asked = [("graph", graph.id), *(("p", graph.label(id)) for id in patterns)]
        return f"/draw?{urlencode([*asked, ('open', graph.label(opened))] if opened else asked)}"

    def cut(self, graph: GraphRow, seen: Sighting, layer: str | None) -> str | None:
        if not self._there(seen.object):
            return None
        cut = cut_of(graph, seen, layer)
        asked = {"x": f"{cut.x:.5f}", "y": f"{cut.y:.5f}", "layer": str(cut.layer)}
        if cut.expected is not None:
            asked |= {"ex": f"{cut.expected[0]:.5f}", "ey": f"{cut.expected[1]:.5f}"}
        return f"/cut/{quote(seen.object.id, SAFE)}?{urlencode(asked)}"

    def whole(self, obj: PhotoObject, pixels: int) -> str | None:
        return f"/whole/{quote(obj.id, SAFE)}?{urlencode({'pixels': pixels})}" if self._there(obj) else None

    def _there(self, obj: PhotoObject) -> bool:
        try:
            there = obj.path.is_file()
        except (OSError, ValueError):
            there = False
        if not there:
            self.gone.add(obj.path)
        return there
