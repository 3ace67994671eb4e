// A finding of a diagnosis
//
// The patterns that it names follow in the same transaction, which holds the graph.
CREATE (f:Finding {id: $id})
SET f += $properties
RETURN count(*) AS rows
