// What the edges say of some patterns, for a graph that an earlier egraph wrote
UNWIND range(0, size($suffix) - 1) AS i
MATCH (p:Pattern {id: $prefix + $suffix[i]})
SET p.graph = $graph, p += {__column__: $__column__[i]}
