// On which objects the output of filters is largest
//
// `first` says for each object, and for the end, which row of the other columns is its first.
UNWIND range(0, size($object) - 1) AS j
MATCH (o:Object {id: $object[j]})
UNWIND range($first[j], $first[j + 1] - 1) AS i
MATCH (f:Filter {id: $prefix + toString($filter[i])})
CREATE (f)-[:PEAKS_ON {graph: $graph, __column__: $__column__[i]}]->(o)
RETURN count(*) AS rows
