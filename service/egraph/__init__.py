"""egraph: takes a trained CNN apart and keeps what it finds in a graph database.

>>> import egraph as eg

What is named here is loaded when it is used, so that importing egraph takes no time.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from egraph.api.asking import ask, export, open_aog, open_graph, questions
    from egraph.api.diagnosing import diagnose, load_repair, repair
    from egraph.api.explaining import explain
    from egraph.api.finding import evaluate, evaluate_explanation, evaluate_purity, keep_figures, locate
    from egraph.api.inventory import (
        list_aogs,
        list_graphs,
        list_layers,
        list_parts,
        remove_aog,
        remove_graph,
        remove_part,
    )
    from egraph.api.mining import mine, place
    from egraph.api.parts import build_aog, edit_aog, import_parts, label_part, restore_aog, suggest_labels
    from egraph.api.seeing import name, remove_name, show, write_report
    from egraph.commands.requests import (
        BuildRequest,
        DiagnoseRequest,
        EditRequest,
        EvaluateRequest,
        ExplainRequest,
        ImportRequest,
        LabelRequest,
        LocateRequest,
        MineRequest,
        PlaceRequest,
        PurityRequest,
        RepairRequest,
        ReportRequest,
        RestoreRequest,
        ShowRequest,
        SuggestRequest,
    )
    from egraph.errors import EgraphError
    from egraph.network.preprocessing import Preprocessing
    from egraph.photos.photo import Box
    from egraph.settings import Settings, load_settings

__version__ = "0.1.0"

HOMES = {
    "egraph.api.mining": ("mine", "place"),
    "egraph.api.parts": (
        *("import_parts", "label_part", "build_aog"),
        *("edit_aog", "restore_aog", "suggest_labels"),
    ),
    "egraph.api.diagnosing": ("diagnose", "repair", "load_repair"),
    "egraph.api.finding": ("locate", "evaluate", "evaluate_explanation", "evaluate_purity", "keep_figures"),
    "egraph.api.explaining": ("explain",),
    "egraph.api.asking": ("ask", "questions", "open_graph", "open_aog", "export"),
    "egraph.api.inventory": (
        *("list_layers", "list_graphs", "list_parts", "list_aogs"),
        *("remove_graph", "remove_part", "remove_aog"),
    ),
    "egraph.api.seeing": ("show", "write_report", "name", "remove_name"),
    "egraph.settings": ("Settings", "load_settings"),
    "egraph.photos.photo": ("Box",),
    "egraph.network.preprocessing": ("Preprocessing",),
    "egraph.errors": ("EgraphError",),
    "egraph.commands.requests": (
        *("MineRequest", "PlaceRequest", "ImportRequest", "LabelRequest", "BuildRequest", "LocateRequest"),
        *(
            "EditRequest",
            "RestoreRequest",
            "SuggestRequest",
            "EvaluateRequest",
            "PurityRequest",
            "ShowRequest",
            "ReportRequest",
        ),
        *("ExplainRequest", "DiagnoseRequest", "RepairRequest"),
    ),
}
"""In which module each public name is."""

__all__ = [
    "Box",
    "BuildRequest",
    "DiagnoseRequest",
    "EditRequest",
    "EgraphError",
    "EvaluateRequest",
    "ExplainRequest",
    "ImportRequest",
    "LabelRequest",
    "LocateRequest",
    "MineRequest",
    "PlaceRequest",
    "Preprocessing",
    "PurityRequest",
    "RepairRequest",
    "ReportRequest",
    "RestoreRequest",
    "Settings",
    "ShowRequest",
    "SuggestRequest",
    "__version__",
    "ask",
    "build_aog",
    "diagnose",
    "edit_aog",
    "evaluate",
    "evaluate_explanation",
    "evaluate_purity",
    "explain",
    "export",
    "import_parts",
    "keep_figures",
    "label_part",
    "list_aogs",
    "list_graphs",
    "list_layers",
    "list_parts",
    "load_repair",
    "load_settings",
    "locate",
    "mine",
    "name",
    "open_aog",
    "open_graph",
    "place",
    "questions",
    "remove_aog",
    "remove_graph",
    "remove_name",
    "remove_part",
    "repair",
    "restore_aog",
    "show",
    "suggest_labels",
    "write_report",
]


def __getattr__(name: str) -> Any:
    for module, names in HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'egraph' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
