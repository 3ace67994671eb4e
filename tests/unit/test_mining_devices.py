"""The same code on an accelerator: no tensor is left on the other side. Pretended tensors stand in for a GPU."""

from collections.abc import Iterator

import pytest
import torch
from torch._subclasses import FakeTensorMode

from egraph.mining.contexts import mean_likeness, peak_contexts
from egraph.mining.edges import Partners, Upper, candidate_rank, certainty, relative_place, standardised
from egraph.mining.expectation import Assigned
from egraph.mining.parents import choose_parents, parent_offsets
from egraph.mining.patterns import SIGMAS, infer_fits, infer_patterns, mine_patterns
from egraph.mining.peaks import Peaks
from egraph.mining.pruning import advantage, even_control, even_scatter, even_share, exceeds, find_noise
from egraph.network.layer import LayerGeometry
from egraph.responses.evidence import (
    ContextLayer,
    compete,
    context_axes,
    context_evidence,
    context_lengths,
    filter_statistics,
    projected_context,
    projected_direction,
    strongest_peaks,
    unit_evidence,
    unit_places,
)

GPU = torch.device("cuda", 0)


@pytest.fixture(autouse=True)
def pretended_gpu() -> Iterator[None]:
    with FakeTensorMode():
        yield


def on_gpu(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, device=GPU)


def test_mixing_devices_is_noticed() -> None:
    with pytest.raises(RuntimeError, match="device"):
        on_gpu(3) + torch.rand(3)


def test_evidence_stays_on_its_device() -> None:
    maps = on_gpu(2, 3, 14, 14)
    evidence = compete(unit_evidence(maps, *filter_statistics(maps)))
    values, units = strongest_peaks(evidence, 5)
    places = unit_places(units, 14, 8.0, 16.0, 224)
    layer = LayerGeometry("layer", 0, 3, 14, 14, 16.0, 8.0, 20.0)
    axes = context_axes(layer, 224, 7, GPU)
    read = [ContextLayer(evidence, context_lengths(evidence, axes), axes)]
    context, mean, projection = context_evidence(read), on_gpu(3), on_gpu(3, 2)
    directions = projected_direction(context, mean, projection), projected_context(read, mean, projection)
    assert {t.device for t in (values, units, places, context, *directions)} == {GPU}


def test_patterns_are_mined_on_their_device() -> None:
    start, places, candidates = on_gpu(2, 5, 2), on_gpu(2, 6, 4, 2), on_gpu(3, 6, 2)
    peaks = Peaks(on_gpu(2, 6, 4), places, peak_contexts(on_gpu(6, 49, 3), places), on_gpu(2, 6, 4))
    patterns = mine_patterns(start, peaks, candidates)
    mass = infer_patterns(patterns, peaks, candidates).assigned.mass
    share, variance = even_share(patterns.place, patterns.contexts, on_gpu(49, 5, 3), SIGMAS[-1])
    control, scatter = even_control(share, peaks.values), even_scatter(variance, peaks.values)
    noise = find_noise(patterns.place, patterns.contexts.direction, mass, control, scatter, 0.07)
    again, fits = infer_fits(patterns.without(noise[next(iter(noise))]), peaks, candidates)
    assigned: Assigned = again.assigned
    tensors = [again.places(), control, assigned.mass, assigned.log_likelihood, *noise.values(), *vars(fits).values()]
    tensors += [exceeds(assigned.mass, control), advantage(assigned.mass, control)]
    tensors += [mean_likeness(assigned.seen, assigned.mass, patterns.contexts)]
    assert {t.device for t in tensors} == {GPU}


def test_relations_are_found_on_their_device() -> None:
    places, mass, candidates = on_gpu(5, 6, 2), on_gpu(5, 6), on_gpu(3, 6, 2)
    offsets = parent_offsets(choose_parents(places, mass, candidates), candidates)
    upper = Upper(torch.arange(3, device=GPU), candidates, on_gpu(3, 6), on_gpu(3, 6) > 0.5, 0.2)
    mean, sigma = relative_place(places[:3], upper.places, upper.mass)
    partners = Partners.of(upper)
    tensors = (
        offsets,
        partners.score,
        partners.place_weight,
        certainty(places, mass, mass > 0.5, partners)[0],
        standardised(upper.mass),
        candidate_rank(mass, places),
        mean,
        sigma,
    )
    assert {t.device for t in tensors} == {GPU}
