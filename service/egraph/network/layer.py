"""Where the units of one feature map look, in pixels of the network's input."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LayerGeometry:
    """A layer's map. Unit (row i, column j) looks at a square of `receptive_field` pixels centred on
    (first_centre + i * stride, first_centre + j * stride), in continuous pixel coordinates: the centre of the
    top left pixel is 0.5. `index` counts the network's valid layers from the input on."""

    name: str
    index: int
    channels: int
    height: int
    width: int
    stride: float
    first_centre: float
    receptive_field: float
