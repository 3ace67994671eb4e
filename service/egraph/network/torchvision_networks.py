"""torchvision's networks, by name."""

from typing import Any

from torch import nn

from egraph.errors import InputError, UsageError
from egraph.network.architectures import Architecture, declared_preprocessing, nearest, sentence
from egraph.network.preprocessing import Preprocessing
from egraph.network.torchvision_alone import import_models

models = import_models()

TRANSFORM_INPUT = ("googlenet", "inception_v3")
"""Their published weights expect inputs scaled otherwise; torchvision's constructor turns that on only with an enum."""


def network_names() -> list[str]:
    """The names of torchvision's networks that can be taken apart: classification, segmentation, detection."""
    return [
        name for rooms in (models, models.segmentation, models.detection) for name in models.list_models(module=rooms)
    ]


def published_classes(name: str, count: int) -> tuple[str, ...]:
    """What the `count` classes are called of the weights that are published for a network; empty where there are none
    of so many classes."""
    try:
        weights = models.get_model_weights(name)
    except ValueError:
        return ()
    known = (tuple(entry.meta.get("categories", ())) for entry in weights)
    return next((names for names in known if len(names) == count), ())


class Torchvision(Architecture):
    """One of torchvision's; of a detector its backbone, since the rest of it has no maps of one size."""

    def __init__(self, name: str) -> None:
        super().__init__(name, name)
        names = network_names()
        if name in models.list_models(module=models.quantization):
            plain = name.removeprefix("quantized_")
            raise UsageError(f"{name} is quantised: its maps hold a few whole numbers; give {plain} instead.")
        if name not in names:
            if name in models.list_models():
                raise UsageError(f"{name} takes videos or pairs of photos, not single photos; give another network.")
            raise UsageError(
                f"There is no network {name!r}; the nearest of torchvision's are {nearest(name, names)}, timm's are "
                "given as timm:NAME, and your own is given as module:callable."
            )
        self._detector = name in models.list_models(module=models.detection)
        self._backbone = self._detector or name in models.list_models(module=models.segmentation)

    def build(self, **keywords: Any) -> nn.Module:
        if self._backbone:
            keywords["weights_backbone"] = None
        if self.name in TRANSFORM_INPUT:
            keywords["transform_input"] = True
            keywords.setdefault("init_weights", True)
        return self._trunk(models.get_model(self.name, weights=None, **keywords))

    def published(self, weights: str) -> tuple[nn.Module, Preprocessing, str]:
        entry = self._entry(weights)
        try:
            module = models.get_model(self.name, weights=entry, progress=False)
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"The weights {entry.name} of {self.name} could not be downloaded from {entry.url} "
                f"({sentence(error)}); check the network connection, or fetch the file elsewhere and give its path."
            ) from error
        trunk = self._trunk(module)
        return trunk, declared_preprocessing(trunk, self.name) or _preprocessing_of(entry), entry.name

    def preprocessing(self, module: nn.Module) -> Preprocessing:
        """As for the weights that torchvision publishes: some take larger inputs than others."""
        declared = declared_preprocessing(module, self.name)
        return declared or _preprocessing_of(models.get_model_weights(self.name).DEFAULT)

    def _trunk(self, module: nn.Module) -> nn.Module:
        if not self._detector:
            return module
        transform: Any = module.transform
        trunk = module.get_submodule("backbone")
        size = transform.fixed_size[0] if transform.fixed_size else Preprocessing().size
        declared = {"size": size, "mean": transform.image_mean, "deviation": transform.image_std}
        trunk.preprocessing = declared  # type: ignore[assignment]
        return trunk

    def _entry(self, weights: str) -> Any:
        enum = models.get_model_weights(self.name)
        wanted = weights.rpartition(".")[2]
        if wanted not in enum.__members__:
            valid = ", ".join(enum.__members__) or "none"
            raise UsageError(
                f"There are no weights {weights!r} for {self.name}: torchvision has {valid}; a file and random work "
                "too."
            )
        return enum[wanted]


def _preprocessing_of(entry: Any) -> Preprocessing:
    transforms = entry.transforms()
    crop = getattr(transforms, "crop_size", None) or [Preprocessing().size]
    return Preprocessing(int(crop[0]), tuple(transforms.mean), tuple(transforms.std))
