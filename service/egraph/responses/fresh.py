"""Responses of photos straight from their maps: what a store keeps of each, made when it is asked for."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from egraph.responses.evidence import (
    ContextLayer,
    compete,
    context_axes,
    context_evidence,
    context_lengths,
    projected_context,
    strongest_peaks,
    unit_evidence,
)
from egraph.responses.store import VIEWS, Calibration, ResponsePlan


class FreshResponses:
    """Responses of n photos in both views, on the device of their maps.

    means: of each layer the mean output of every filter, what is below 0 counting as 0: (2 n, channels).

    What is asked for is asked for of some views: numbers (m,) among the 2 n, photo and mirror in turn, or all.
    """

    def __init__(self, maps: dict[str, Tensor], plan: ResponsePlan, calibration: Calibration) -> None:
        """
        Args:
            maps: activations of every layer of the plan, (2 n, channels, height, width).
        """
        self.plan = plan
        self.device = next(iter(maps.values())).device
        self.views = torch.arange(len(next(iter(maps.values()))), device=self.device)
        self.means = {name: values.clamp_min(0).mean((2, 3)) for name, values in maps.items()}
        self._maps = {
            name: unit_evidence(
                values.contiguous(memory_format=torch.channels_last),
                calibration.filter_mean[name].to(self.device),
                calibration.filter_deviation[name].to(self.device),
            )
            for name, values in maps.items()
        }
        self._habit = {
            name: (calibration.filter_mean[name].to(self.device), calibration.filter_deviation[name].to(self.device))
            for name in maps
        }
        size, cells = plan.preprocessing["size"], plan.context_cells
        self._axes = {
            layer.name: context_axes(layer, size, cells, self.device)
            for layer in plan.layers
            if layer.name in plan.context_layers
        }
        self._lengths = {name: self._in_turn(partial(self._length, name)) for name in plan.context_layers}
        self._context: Tensor | None = None
        self._mean, self._projection = (t.to(self.device) for t in (calibration.context_mean, calibration.projection))

    def peaks(self, layer: str, views: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Strongest peaks of every filter of a layer: values and units, (m, channels, K) each."""
        count = self.plan.peaks[layer]
        found = [strongest_peaks(compete(self._maps[layer][some]), count) for some in self._turns(views)]
        values, units = zip(*found, strict=True)
        return torch.cat(values), torch.cat(units)

    def activations(self, layer: str, units: Tensor, views: Tensor | None = None) -> Tensor:
        """The network's own output at units (m, channels, K) of every filter's map: same shape, 0 where the unit does
        not stand above its filter's habit."""
        maps = self._maps[layer] if views is None else self._maps[layer][views.to(self.device)]
        return self._outputs(layer, maps.flatten(2).gather(2, units.to(self.device)))

    def largest(self, layer: str) -> tuple[Tensor, Tensor]:
        """The network's largest output on every map, 0 where none stands above its filter's habit, and its unit:
        (2 n, channels) each."""
        evidence, unit = self._maps[layer].flatten(2).max(2)
        return self._outputs(layer, evidence[..., None])[..., 0], unit

    def _outputs(self, layer: str, evidence: Tensor) -> Tensor:
        """The outputs behind evidence (views, channels, units)."""
        mean, deviation = (habit[:, None] for habit in self._habit[layer])
        return torch.where(evidence > 0, mean + deviation * evidence, 0.0)

    def context(self) -> Tensor:
        """Projected direction of the evidence in all views: (2 n, cells * cells, context channels)."""
        if self._context is None:
            self._context = self._in_turn(
                lambda some: projected_context(self._layers(some), self._mean, self._projection)
            )
        return self._context

    def evidence(self, views: Tensor | None = None, columns: Tensor | None = None) -> Tensor:
        """Normalised evidence of the filters of the context layers, side by side, or of some of them, rising:
        (m, cells * cells, columns)."""
        return self._in_turn(lambda some: context_evidence(self._layers(some, columns)), views)

    def _length(self, layer: str, views: Tensor) -> Tensor:
        return context_lengths(self._maps[layer][views], self._axes[layer])

    def _layers(self, views: Tensor, columns: Tensor | None = None) -> list[ContextLayer]:
        layers, start = [], 0
        for name in self.plan.context_layers:
            stop = start + self._maps[name].shape[1]
            maps = self._maps[name][views]
            if columns is not None:
                maps = maps[:, columns[(columns >= start) & (columns < stop)] - start]
            layers.append(ContextLayer(maps, self._lengths[name][views], self._axes[name]))
            start = stop
        return layers

    def _in_turn(self, reduce: Callable[[Tensor], Tensor], views: Tensor | None = None) -> Tensor:
        return torch.cat([reduce(some) for some in self._turns(views)])

    def _turns(self, views: Tensor | None) -> Iterator[Tensor]:
        """One photo's worth of views after the other, for which a processor's cache has room; all at once on an
        accelerator."""
        wanted = self.views if views is None else views.to(self.device)
        yield from wanted.split(VIEWS if self.device.type == "cpu" else max(1, len(wanted)))
