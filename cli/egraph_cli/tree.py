"""An And-Or graph on the terminal, and for programs."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

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


def tree_values(tree: "Tree") -> dict[str, Any]:
    """Everything, for programs; places in fractions of the object, in the canonical view."""
    return asdict(tree.summary) | {
        "aog": tree.summary.id,
        "seed": tree.seed,
        "parameters": tree.parameters,
        "versions": tree.versions,
        "learnt_from": tree.learnt_from,
        "templates": [
            {
                "id": template.id,
                "number": template.number,
                "objects": template.objects,
                "width": template.width,
                "height": template.height,
                "pose": template.pose,
                "patterns": [
                    {key: value for key, value in asdict(pattern).items() if key != "seen"}
                    for pattern in template.patterns
                ],
            }
            for template in tree.templates
        ],
    }
