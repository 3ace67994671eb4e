"""A hash of what was mined, by which a graph that is written again is known to be the same."""

import hashlib
import json
from dataclasses import astuple, fields
from typing import Any

import numpy as np
import xxhash

from egraph.graph.schema import PAIRS
from egraph.mining.graph_tables import Firings, MinedGraph, PairTable

CHECKED = ("x", "y", "activation", "score", "likeness", "expected_x", "expected_y")
"""Columns of the firings that their checksum covers, in the order of `cypher/read/firings.cypher`."""


LATER = ("share", "reach", "background", "filter_scattered", "filter_beside")
"""Columns that count only where they are there, so that graphs that were written before keep their hash."""


def content_hash(mined: MinedGraph) -> str:
    """A hex digest of everything that was mined, whatever the order of the edges.

    Left out: where the photos lie, and the versions of the programs; the same numbers are the same graph.
    """
    digest = hashlib.sha256()
    plain = [mined.id, mined.weights_sha256, mined.preprocessing, mined.seed, mined.parameters, mined.dropped]
    plain += [[astuple(layer) for layer in mined.layers], mined.log_likelihood]
    plain += [[(o.id, o.sha256, o.photo_width, o.photo_height, astuple(o.box)) for o in mined.objects]]
    digest.update(json.dumps(plain, sort_keys=True, default=str).encode())
    add(digest, mined.mirrored, mined.pose)
    for name, reading in sorted(mined.readings.items()):
        digest.update(name.encode())
        add(digest, *columns_of(reading))
    for name, table in sorted(mined.patterns.items()):
        digest.update(name.encode())
        add(digest, *columns_of(table))
    tables: list[PairTable] = [edges for pair in PAIRS for edges in getattr(mined, str(pair.table))]
    for edges in sorted(tables, key=lambda e: (type(e).__name__, e.lower, e.upper)):
        digest.update(f"{type(edges).__name__} {edges.lower} {edges.upper}".encode())
        order = np.lexsort((edges.target, edges.source))
        add(digest, *(column[order] for column in columns_of(edges)))
    for firings in sorted(mined.firings, key=lambda f: f.layer):
        digest.update(firings.layer.encode())
        order = np.lexsort((firings.pattern, firings.object))
        add(digest, *(column[order] if len(column) else column for column in columns_of(firings)))
    for peaks in sorted(mined.peaks, key=lambda p: p.layer):
        digest.update(peaks.layer.encode())
        order = np.lexsort((peaks.object, peaks.filter))
        add(digest, *(column[order] for column in columns_of(peaks)))
    return digest.hexdigest()


def firings_checksum(names: np.ndarray, values: np.ndarray) -> int:
    """A number of 63 bits for the firings on one object, whatever their order.

    names: (F,) texts `<layer>/<filter>/<number>`; values: (F, columns) float32 from `firing_values`.
    """
    order = np.argsort(names.astype(str))
    digest = xxhash.xxh3_64("\n".join(names[order].tolist()).encode())
    digest.update(np.ascontiguousarray(values[order], np.float32).data)
    return digest.intdigest() >> 1


def firing_values(firings: Firings) -> np.ndarray:
    """All that is written of firings, as the checksum takes it: (F, columns) float32, 0 for what is not there."""
    columns = [getattr(firings, name) for name in CHECKED]
    return np.stack([c if len(c) else np.zeros(len(firings.object), np.float32) for c in columns], 1)


def columns_of(table: Any) -> list[np.ndarray]:
    """The arrays of a table, in the order of its fields."""
    named = {field.name: getattr(table, field.name) for field in fields(table)}
    return [v for name, v in named.items() if isinstance(v, np.ndarray) and (len(v) or name not in LATER)]


def add(digest: "hashlib._Hash", *arrays: np.ndarray) -> None:
    """Add arrays with their shapes and types."""
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
