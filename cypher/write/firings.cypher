// Where patterns fire on objects
//
// `first` says for each object, and for the end, which row of the other columns is its first.
UNWIND range(0, size($object) - 1) AS j
MATCH (o:Object {id: $object[j]})
UNWIND range($first[j], $first[j + 1] - 1) AS i
MATCH (p:Pattern {id: $prefix + $pattern[i]})
CREATE (p)-[:FIRES_ON {__column__: $__column__[i]}]->(o)
RETURN count(*) AS rows
