// Whether it must still be summed up where a graph's patterns lie on a part
//
// The first SETs take the locks of the graph and of the part, so that of two that sum up the second finds it done, and
// neither is removed before it is written.
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.category = g.category
WITH g
WHERE g.state IN ['writing', 'complete']
MATCH (part:Part {id: $category + '/' + $part})
SET part.category = $category
WITH g, part
WHERE NOT EXISTS { (g)-[:COVERS]->(part) }
RETURN g.id AS graph
