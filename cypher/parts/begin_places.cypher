// Whether it must still be summed up where a graph's patterns lie on a part
//
// The first SET takes the part's lock, so that of two that sum up the second finds it done.
MATCH (part:Part {id: $category + '/' + $part})
SET part.category = $category
WITH part
MATCH (g:ExplanatoryGraph {id: $graph})
WHERE NOT EXISTS { (g)-[:COVERS]->(part) }
RETURN g.id AS graph
