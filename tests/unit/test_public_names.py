"""What `import egraph` offers, and how little it loads."""

import pkgutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import egraph
from egraph.commands.requests import read_box
from egraph.errors import InputError, UsageError
from egraph.photos.memory import as_image
from egraph.photos.photo import Box, Skipped
from egraph.results import Result, html_table, plain


def test_every_public_name_is_there_and_hides_no_package() -> None:
    homes = {name for names in egraph.HOMES.values() for name in names}
    assert homes | {"__version__"} == set(egraph.__all__) <= set(dir(egraph))
    for name in egraph.__all__:
        assert getattr(egraph, name) is not None
    packages = {module.name for module in pkgutil.iter_modules(egraph.__path__)}
    assert not packages & homes
    with pytest.raises(AttributeError, match="mne"):
        egraph.mne  # noqa: B018
    assert (Path(egraph.__file__).parent / "py.typed").exists()


def test_importing_egraph_loads_nothing_large() -> None:
    def loaded(code: str) -> set[str]:
        command = [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"]
        return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

    assert not {"torch", "numpy", "PIL", "neo4j", "pydantic"} & loaded("import egraph as eg")
    # Asking needs the driver, and neither the network nor what learns.
    asking = loaded("import egraph as eg; eg.Settings, eg.Box, eg.ask")
    assert "neo4j" in asking and not {"torch", "torchvision", "sklearn", "PIL"} & asking
    # Labels are placed by the network, whoever made it; scikit-learn is for what learns from them.
    labelling = loaded("import egraph as eg; eg.label_part")
    assert "torch" in labelling and not {"torchvision", "sklearn"} & labelling


@dataclass(frozen=True)
class Some(Result):
    """A result with everything that results hold."""

    box: Box
    path: Path
    skipped: list[Skipped]
    scores: dict[str, np.ndarray]
    inner: "Some | None" = None


def test_json_of_a_result_has_every_field() -> None:
    inner = Some(Box(1, 2, 3, 4), Path("a/b"), [Skipped("c", "cut off")], {"x": np.arange(2)})
    values = Some(Box(0, 0, 1, 1), Path("d"), [], {"y": np.float32(0.5)}, inner).to_json()  # type: ignore[dict-item]
    assert values["inner"] == {
        "box": [1, 2, 3, 4],
        "path": str(Path("a/b")),
        "skipped": [{"path": "c", "reason": "cut off"}],
        "scores": {"x": [0, 1]},
        "inner": None,
    }
    assert type(values["scores"]["y"]) is float and plain((1, "a")) == [1, "a"]


def test_tables_in_notebooks_escape_what_comes_from_outside() -> None:
    page = html_table(["<b>"], [{"<b>": "<script>"}, {"<b>": 0.12345}, {"<b>": None}] + [{}] * 60)
    assert "<script>" not in page and "&lt;script&gt;" in page and "0.123" in page and "50 of 63 rows" in page


@pytest.mark.parametrize("given", ["1,2,3,4", (1, 2, 3, 4), Box(1, 2, 3, 4), np.array([1, 2, 3, 4])])
def test_a_box_is_four_numbers(given: object) -> None:
    assert read_box(given, "box") == Box(1, 2, 3, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", ["1,2,3", "a,b,c,d", (1, 2, 0, 4), (1, 2, float("nan"), 4), 7])
def test_anything_else_is_no_box(given: object) -> None:
    with pytest.raises(UsageError, match="box"):
        read_box(given, "box")  # type: ignore[arg-type]


def test_photos_in_memory_are_upright_rgb() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert as_image(grey, "a").mode == "RGB" and as_image(grey, "a").size == (4, 3)
    turned = Image.fromarray(grey)
    turned.getexif()[274] = 6
    assert as_image(turned, "a").size == (3, 4)
    for bad in (grey.astype(float), grey[None], grey[:0], Image.new("RGB", (0, 1)), "text", None):
        with pytest.raises(InputError, match=r"^photo 3 "):
            as_image(bad, "photo 3")  # type: ignore[arg-type]
