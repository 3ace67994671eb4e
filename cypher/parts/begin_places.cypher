// Whether it must still be summed up where a graph's patterns lie on a part
//
// The first SETs take the locks of the graph and of the part, so that of two that sum up the second finds it done, and
// neither is removed before it is written. Sums of an earlier egraph, which have no area, do not count.
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state IN ['writing', 'complete']
MATCH (part:Part {id: $category + '/' + $part})
SET part.held = coalesce(part.held, 0) + 1
WITH g, part
OPTIONAL MATCH (g)-[c:COVERS]->(part)
WITH g, c
WHERE c IS NULL OR c.area IS NULL
DELETE c
RETURN g.id AS graph
