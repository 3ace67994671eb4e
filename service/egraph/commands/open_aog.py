"""An And-Or graph of the database, to look at."""

from dataclasses import dataclass
from typing import Any

from PIL import Image

from egraph.aog.edits import Version, versions
from egraph.aog.show import Tree, TreePattern, read_tree
from egraph.graph.connection import open_database
from egraph.results import Result, plain
from egraph.settings import Settings


@dataclass(frozen=True)
class OpenedAndOrGraph(Result):
    """An And-Or graph as a tree: the part, its templates (or), their patterns (and), and objects to show each on.
    versions: as learnt, and after each edit."""

    tree: Tree
    versions: list[Version]

    def to_json(self) -> dict[str, Any]:
        """Everything but the pictures; places in fractions of the object, in the canonical view."""
        tree = self.tree
        summary: dict[str, Any] = plain(tree.summary)
        return summary | {
            "aog": tree.summary.id,
            "seed": tree.seed,
            "parameters": tree.parameters,
            "versions": tree.versions,
            "learnt_from": tree.learnt_from,
            "edits": len(self.versions) - 1,
            "templates": [
                plain({key: value for key, value in vars(template).items() if key not in ("patterns", "seen")})
                | {"patterns": [_pattern_values(pattern) for pattern in template.patterns]}
                for template in tree.templates
            ],
        }

    def picture(self) -> Image.Image:
        """The tree with a photo of each template, and of each of its strongest patterns."""
        from egraph.report.tree import template_pictures, tree_picture

        return tree_picture(self.tree, list(template_pictures(self.tree, set())))

    def _repr_png_(self) -> bytes:
        from egraph.report.pictures import png_bytes

        return png_bytes(self.picture())


def open_aog(
    settings: Settings,
    category: str,
    part: str,
    name: str | None = None,
    graph: str | None = None,
    patterns: int = 6,
    pictures: bool = True,
) -> OpenedAndOrGraph:
    """An And-Or graph by what it is of; `name` and `graph` say which where there are several.

    Args:
        patterns: so many of each template are meant to be looked at. pictures: whether photos to show them on are read.

    Raises:
        NothingYetError: there is none, or its graph was mined again since.
        UsageError: several fit.
    """
    with open_database(settings) as database:
        tree = read_tree(database, category, part, name, graph, patterns, examples=pictures)
        return OpenedAndOrGraph(tree, versions(database, tree.summary))


def _pattern_values(pattern: TreePattern) -> dict[str, Any]:
    return {key: plain(value) for key, value in vars(pattern).items() if key != "seen"}
