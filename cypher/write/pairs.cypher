// Edges between patterns of two layers
//
// `first` says for each source, and for the end, which row of the other columns is its first.
UNWIND range(0, size($source) - 1) AS j
MATCH (lower:Pattern {id: $lower + $source[j]})
UNWIND range($first[j], $first[j + 1] - 1) AS i
MATCH (upper:Pattern {id: $upper + $target[i]})
CREATE (lower)-[:__type__ {__column__: $__column__[i]}]->(upper)
RETURN count(*) AS rows
