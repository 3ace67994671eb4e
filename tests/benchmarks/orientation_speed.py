"""Time and memory of finding each photo's nearest photos, which grows with the square of their number.

Beside it, in the same run, the matrix product alone of as many views, block by block, which is the least that comparing
all pairs costs. Contexts are of random numbers, as many as ResNet-50 has, in a file.

    python tests/benchmarks/orientation_speed.py [PHOTOS ...]
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from egraph.mining.orientation import AT_ONCE, find_agreements, solve_orientation

CELLS, CHANNELS = 196, 256


def main(*counts: int) -> None:
    """Print a line for each number of photos."""
    for photos in counts:
        with tempfile.TemporaryDirectory() as folder:
            shape = (photos, 2, CELLS, CHANNELS)
            context = np.memmap(Path(folder) / "context", np.float16, "w+", shape=shape)
            rng = np.random.default_rng(0)
            for start in range(0, photos, 100):
                context[start : start + 100] = rng.standard_normal(context[start : start + 100].shape, np.float32)

            def read(cells: slice, context: np.memmap = context) -> Tensor:
                return torch.from_numpy(np.asarray(context[:, :, cells])).float()

            began = time.process_time()
            facing = solve_orientation(find_agreements(read, CELLS, photos))
            whole = time.process_time() - began
            views = torch.randn(2 * photos, 512)
            began = time.process_time()
            for block in views.split(2 * AT_ONCE):
                block @ views.T
            bare = (time.process_time() - began) * CELLS * CHANNELS / 512
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(
                f"{len(facing):,} photos: {whole:.1f} s of processors, the products alone {bare:.1f} s; "
                f"most memory so far {peak:,.0f} MB, file pages among it"
            )


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:]) if len(sys.argv) > 1 else (1000, 4000)))
