"""What a network's classes are called."""

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from egraph.errors import InputError, UsageError
from egraph.network.network import Network

NEAREST_NAMES = 5


@dataclass(frozen=True)
class ClassNames:
    """The classes of a network's answer. names: by number; empty where nobody told them."""

    count: int
    names: tuple[str, ...] = ()

    def name(self, number: int) -> str:
        """A class's name, or `class 7` where it has none."""
        return self.names[number] if self.names else f"class {number}"

    def number(self, asked: str) -> int:
        """The class of a name, or of a number as text. Several classes of ImageNet have one name: the first is taken.

        Raises:
            UsageError: there is none.
        """
        if asked.isdecimal():
            if int(asked) < self.count:
                return int(asked)
            raise UsageError(f"There is no class {asked}; the network has classes 0 to {self.count - 1}.")
        if not self.names:
            raise UsageError(
                f"Nothing tells what the classes are called, so give the number of {asked!r}, or --classes FILE."
            )
        lowered = [name.casefold() for name in self.names]
        if asked.casefold() in lowered:
            return lowered.index(asked.casefold())
        near = difflib.get_close_matches(asked.casefold(), lowered, NEAREST_NAMES, 0.0)
        shown = ", ".join(dict.fromkeys(self.names[lowered.index(name)] for name in near))
        raise UsageError(f"The network has no class {asked!r}; the nearest are {shown}.")


def class_names(network: Network, count: int, file: Path | None = None) -> ClassNames:
    """The names of `count` classes: of the file, else what the module's attribute `classes` says, else those of the
    weights that torchvision publishes for the network's architecture, where they are so many.

    Args:
        file: one name a line, or a JSON list of names.

    Raises:
        InputError: the file cannot be read, or has another number of names.
    """
    if file is not None:
        return ClassNames(count, _read(file, count))
    declared = getattr(network.module, "classes", None)
    if isinstance(declared, Sequence) and len(declared) == count and all(isinstance(n, str) for n in declared):
        return ClassNames(count, tuple(declared))
    if ":" in network.name:
        return ClassNames(count)
    from egraph.network.torchvision_networks import published_classes

    return ClassNames(count, published_classes(network.name, count))


def _read(file: Path, count: int) -> tuple[str, ...]:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"{file} cannot be read ({error.strerror or error}); give a file of class names.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text; give one class name a line, or a JSON list.") from error
    names = [line.strip() for line in text.splitlines() if line.strip()]
    if text.lstrip().startswith("["):
        try:
            names = json.loads(text)
        except ValueError as error:
            raise InputError(f"{file} is no valid JSON; give a list of names, or one name a line.") from error
    if not all(isinstance(name, str) for name in names):
        raise InputError(f"{file} holds something else than names; give a list of texts, or one name a line.")
    if len(names) != count:
        raise InputError(f"{file} has {len(names)} names, and the network has {count} classes; give one for each.")
    return tuple(names)
