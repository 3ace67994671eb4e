// Whether two graphs must still be compared; if so, it is noted that they are
//
// The first SET takes the graph's lock, so that of two that compare the second finds it done.
MATCH (g:ExplanatoryGraph {id: $first, state: 'complete'})
SET g.category = g.category
WITH g
MATCH (h:ExplanatoryGraph {id: $second, state: 'complete'})
WHERE NOT EXISTS { (g)-[:COMPARED_WITH]-(h) }
CREATE (g)-[:COMPARED_WITH]->(h)
RETURN g.id AS graph
