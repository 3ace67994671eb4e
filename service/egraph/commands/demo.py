"""The whole job on the generated world: draw, mine, write, label, ask, measure, report."""

import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from egraph.commands.demo_part import Finding, find_part
from egraph.commands.figures import CONTROLS
from egraph.commands.mine import MineReport, mine_category
from egraph.commands.parts import import_parts
from egraph.commands.report import write_pages
from egraph.commands.requests import BuildRequest, ImportRequest, MineRequest, ReportRequest
from egraph.demo.world import write_world
from egraph.errors import NothingYetError, UsageError
from egraph.evaluation.tracking import evaluate_tracking
from egraph.evaluation.truth import Labelled, Score, compare_with_boxes
from egraph.graph.connection import open_database
from egraph.graph.delete import delete_graph
from egraph.graph.measured import keep_measured
from egraph.graph.questions import ask
from egraph.graph.read import read_graph
from egraph.mining.inference import place_patterns
from egraph.network.load import load_network
from egraph.photos.annotations import read_annotations
from egraph.progress import Progress
from egraph.report.page_content import Figure
from egraph.report.pages import Illustration
from egraph.report.parse_picture import CONFIDENCE, KEY, parse_picture
from egraph.report.pictures import read_photo
from egraph.report.subject import choose_one
from egraph.settings import Settings

NETWORK = "egraph.demo.network:animals"
KIND = "horse"
PART = "head"
PHOTOS = 160
LABELS = 3
NEW_PHOTOS = 200
SHOWN = 4
SEED = 1
NAME = "demo"
NAMED = 60
"""Characters for the name of a printed figure."""

REMARK = (
    "The photos are drawn by a program, so every part's place is known. The figures about patterns are measured on the "
    "photos that were mined, those about finding the part on new ones; part boxes serve to measure only, and three of "
    "them to ask and to learn the part. Three boxes are few: others give other figures. Real photos are harder."
)


@dataclass(frozen=True)
class DemoResult:
    """What the demo found. `answer` are rows of the question `fires-together`, `finding` the part on new photos;
    `home` is that of the demo's own database."""

    mined: MineReport
    labelled: Labelled
    tracking: dict[str, Score]
    answer: list[dict[str, Any]]
    finding: Finding
    report: Path
    annotations: Path
    home: Path | None
    seconds: float

    def figures(self) -> list[Figure]:
        """Every figure beside each of its controls; errors in diagonals of the object's crop."""
        errors = {method: score.error for method, score in self.tracking.items()}
        name = f"distance from the {PART}, mean of the best patterns, in diagonals of the object (less is better)"
        controls = ("still", "no_pose", "parents_only", "raw_filters", "random")
        rows = [Figure(name, errors["egraph"], CONTROLS[method], errors[method]) for method in controls]
        found = self.finding
        for which, right, unmirrored in (
            ("photos", self.labelled.orientation, self.labelled.unmirrored),
            ("new photos", found.side, found.unmirrored),
        ):
            if right is not None:
                rows.append(Figure(f"share of the {which} whose side is right", right, "none mirrored", unmirrored))
        return rows + self.finding_figures()

    def finding_figures(self) -> list[Figure]:
        """How far the part was found from where it is, beside what one gets without looking."""
        errors = self.finding.errors
        where = f"{len(self.finding.found)} new photos from {self.finding.labels} boxes"
        name = f"distance of the {PART} found on {where}, in diagonals of the object (less is better)"
        return [Figure(name, errors["egraph"], CONTROLS[method], errors[method]) for method in ("prior", "constant")]

    def lines(self, command: str = "egraph") -> list[str]:
        """For people: what was found, and what to try next with `command`."""
        mined = self.mined
        lines = [
            f"{mined.used} generated photos of a {KIND}, {mined.counts['patterns']:,} patterns, "
            f"{mined.counts['CO_ACTIVATES_WITH']:,} co-activations, {mined.counts['DISPLACED_FROM']:,} displacements.",
            "",
            f"Which patterns fire together for a {KIND}'s {PART}? (from {LABELS} boxes)",
        ]
        for row in [r for r in self.answer if r["partner"]][:5]:
            pattern, partner = (row[key].removeprefix(mined.graph + "/") for key in ("pattern", "partner"))
            lines.append(
                f"  {pattern} and {partner}: strength {row['strength']:.2f}, together in {row['photos']} photos, "
                f"{_offset(row)}"
            )
        lines += ["", f"Measured against the known places of {len(self.labelled.truth)} {PART}s:"]
        for (name, value), figures in itertools.groupby(self.figures(), lambda f: (f.name, f.value)):
            lines += [f"  {name}", f"    {'egraph':<{NAMED}}{value:.3f}"]
            lines += [f"    {'control: ' + f.control:<{NAMED}}{f.control_value:.3f}" for f in figures]
        lines += [
            f"Done in {self.seconds:.0f} s.",
            "",
            "Ask the graph of the demo more:",
            *([f"  export EGRAPH_HOME={self.home.absolute()}"] if self.home else []),
            f"  {command} query fires-together -P category={KIND} -P part={PART}",
            f"  {command} part import {self.annotations} --category {KIND} --part front_leg --limit 3",
            f"  {command} aog build --category {KIND} --part front_leg",
            f"  {command} query fires-together -P category={KIND} -P part=front_leg",
            f"  {command} show {self.answer[0]['pattern'].removeprefix(self.mined.graph + '/').rpartition('/')[0]}"
            "    # what does a filter react to?",
            f"  {command} browse    # all of it as pages, each with its photos",
            f"  {command} aog show --category {KIND} --part {PART}",
            f"  {command} aog locate {self.finding.annotations.parent} --annotations {self.finding.annotations} "
            f"--category {KIND} --part {PART} --html found.html",
            "",
            f"The report: {self.report.absolute().as_uri()}",
            "Next, your own photos (those of horses, say) and a trained network:",
            *(["  unset EGRAPH_HOME"] if self.home else []),
            f"  {command} mine PHOTOS --network resnet50 --weights DEFAULT --category horse",
            f"  {command} label PHOTOS --category horse --part head    # draw three boxes; it learns from them",
            f"  {command} query fires-together -P category=horse -P part=head",
        ]
        return lines


def _offset(row: dict[str, Any]) -> str:
    if row["dx"] is None:
        return "no displacement known"
    across = f"{abs(row['dx']):.0%} {'right' if row['dx'] > 0 else 'left'}"
    return f"{across} and {abs(row['dy']):.0%} {'below' if row['dy'] > 0 else 'above'}, give or take {row['sigma']:.0%}"


def run_demo(settings: Settings, destination: Path, progress: Progress | None = None) -> DemoResult:
    """Run the demo in `destination`: photos, report and an embedded database of its own, so that nothing of the demo
    gets among a user's own graphs; with a Neo4j given, the graph is written there.

    Raises:
        EgraphError: as mining, labelling and asking.
    """
    start = time.perf_counter()
    home = destination / "home"
    settings = settings.model_copy(update={"home": home}) if settings.embedded else settings
    folder = destination / "photos"
    annotations = write_world(folder, KIND, PHOTOS, SEED, progress)
    request = MineRequest(
        photos=folder, network=NETWORK, weights=None, category=KIND, annotations=annotations, name=NAME, seed=SEED
    )
    mined = _mine(settings, request, progress)
    import_parts(settings, ImportRequest(annotations, KIND, PART, folder, LABELS, SEED), progress)
    with open_database(settings) as database:
        graph = read_graph(database, mined.graph)
    by_id = {o.id: o for o in read_annotations(annotations, folder, KIND).objects}
    objects = [by_id[o.id] for o in graph.objects]
    network = load_network(NETWORK)
    placed = place_patterns(graph, network, objects, graph.mirrored, progress)
    compared = compare_with_boxes(placed, objects, PART, SEED)
    build = BuildRequest(KIND, PART, graph=NAME, shots=LABELS, seed=SEED)
    finding = find_part(settings, build, graph, network, destination / "new-photos", NEW_PHOTOS, SEED + 1, progress)
    with open_database(settings) as database:
        answer = ask(database, "fires-together", {"category": KIND, "part": PART, "graph": NAME}).rows
    result = DemoResult(
        mined=mined,
        labelled=compared,
        tracking=evaluate_tracking(compared, seed=SEED),
        answer=answer,
        finding=finding,
        report=destination / "report.html",
        annotations=annotations,
        home=home if settings.embedded else None,
        seconds=0.0,
    )
    layers = [layer.name for layer in graph.layers]
    parses = [
        Illustration(
            obj.path.name,
            f"{KEY} Confidence is {CONFIDENCE}.",
            parse_picture(read_photo(obj.path), obj, [part], layers),
        )
        for obj, part in finding.found[:SHOWN]
    ]
    with open_database(settings) as database:
        asked = ReportRequest(result.report, KIND, NAME, single_file=True)
        chosen = choose_one(database, KIND, mined.graph)
        keep_measured(database, chosen.id, "demo", result.figures())
        write_pages(database, chosen, asked, progress, [REMARK], parses)
    return DemoResult(**{**result.__dict__, "seconds": time.perf_counter() - start})


def _mine(settings: Settings, request: MineRequest, progress: Progress | None) -> MineReport:
    """Mine; a graph of this name that another release of the demo left behind makes room."""
    try:
        return mine_category(settings, request, progress)
    except UsageError as error:
        with open_database(settings) as database:
            try:
                delete_graph(database, f"{load_network(NETWORK).id}/{KIND}/{NAME}")
            except NothingYetError:
                raise error from None
    return mine_category(settings, request, progress)
