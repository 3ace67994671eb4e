"""An And-Or graph on the terminal."""

import sys
from typing import TYPE_CHECKING

from egraph_cli.output import PIPE_WIDTH

if TYPE_CHECKING:
    from egraph.aog.show import Tree


def print_tree(tree: "Tree") -> None:
    """Print the part, its templates and their strongest patterns."""
    from rich.console import Console
    from rich.tree import Tree as Branches

    width = None if sys.stdout.isatty() else PIPE_WIDTH
    console = Console(file=sys.stdout, width=width, highlight=False, markup=False, emoji=False)
    summary = tree.summary
    print(f"And-Or graph {summary.id}")
    labels = f"{summary.labels} label{'' if summary.labels == 1 else 's'}"
    root = Branches(f"{summary.part}, one of {len(tree.templates)} templates (from {labels})")
    for template in tree.templates:
        objects = f"{template.objects} object{'' if template.objects == 1 else 's'}"
        of = f"its {len(template.patterns)} patterns, the strongest:"
        box = f"box {template.width:.0%} x {template.height:.0%} of the object"
        branch = root.add(f"template {template.number}: {objects}, {box}; {of}")
        shown = template.patterns[: tree.shown]
        longest = max([len(pattern.label) for pattern in shown], default=0)
        for p in shown:
            branch.add(
                f"{p.label:<{longest}}  share {p.share:5.1%}  dx {p.dx:+.3f}  dy {p.dy:+.3f}  sigma {p.sigma:.3f}"
            )
    console.print(root)
