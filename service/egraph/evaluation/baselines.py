"""What an And-Or graph must beat: the strong simple ways to find a part from a few boxes.

All of them see the same evidence in the same canonical views. m label sets, n objects, F filters, u places of the grid.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from egraph.aog.learn import LabelSets, label_offset
from egraph.aog.maps import gaussian_maps, log_map, median_place, nearest_units
from egraph.aog.pool import Pool
from egraph.responses.evidence import context_direction

PRIOR_WIDTH = 60 / 224
PRIOR_WEIGHT = 0.8
"""The best of 0, 0.1, 0.2, 0.4, 0.8 and 1.5 for heads and front legs of horse, dog and cattle together."""


@dataclass(frozen=True)
class Template:
    """Few-shot template matching: templates (m, F), mean evidence (F,), prior (m, u), its weight (m,), score statistics
    (m,), offset (m, 2)."""

    templates: Tensor
    evidence_mean: Tensor
    prior: Tensor
    prior_weight: Tensor
    score_mean: Tensor
    score_deviation: Tensor
    offset: Tensor

    def places(self, blocks: Iterable[Tensor], grid: Tensor) -> Tensor:
        """Where the template fits best: evidence blocks (…, u, F) give (m, n, 2)."""
        return (
            median_place(self.energy(template_scores(blocks, self.evidence_mean, self.templates)), grid)
            + (self.offset[:, None])
        )

    def energy(self, raw: Tensor) -> Tensor:
        """Standardised scores and the prior: (m, n, u)."""
        scores = (raw - self.score_mean[:, None, None]) / self.score_deviation[:, None, None]
        return scores + self.prior_weight[:, None, None] * log_map(self.prior)[:, None]


def learn_template(pool: Pool, labels: LabelSets, prior_weight: float = PRIOR_WEIGHT) -> Template:
    """Mean direction of the evidence at the labels, and the labels' places as a prior.

    The prior's weight was chosen like the And-Or graph's own settings, on the same photos; 0 is plain matching.
    """
    units = nearest_units(labels.places, pool.grid)
    shown = torch.zeros(*units.shape, len(pool.evidence_mean))
    start = 0
    for block in pool.evidence():
        inside = (labels.rows >= start) & (labels.rows < start + len(block))
        shown[inside] = block[labels.rows[inside] - start, units[inside]]
        start += len(block)
    templates = F.normalize(context_direction(shown, pool.evidence_mean).sum(1), dim=1)
    raw = template_scores(pool.evidence(), pool.evidence_mean, templates)
    sets = len(units)
    template = Template(
        templates=templates,
        evidence_mean=pool.evidence_mean,
        prior=gaussian_maps(labels.places, pool.grid, PRIOR_WIDTH).mean(1),
        prior_weight=torch.full((sets,), prior_weight),
        score_mean=raw.mean((1, 2)),
        score_deviation=raw.std((1, 2)).clamp_min(1e-9),
        offset=torch.zeros(sets, 2),
    )
    offset = label_offset(template.energy(raw), labels, pool.grid)
    return Template(**{**template.__dict__, "offset": offset})


def template_scores(blocks: Iterable[Tensor], mean: Tensor, templates: Tensor) -> Tensor:
    """Cosine of the evidence about its mean with templates: blocks (…, u, F) and (m, F) give (m, n, u)."""
    return torch.cat([(context_direction(b, mean) @ templates.T).permute(2, 0, 1) for b in blocks], 1)
