// Whether two graphs must still be compared, and still are what was read of them; if so, it is noted that they are
//
// The first SET takes the graphs' locks, so that of two that compare the second finds it done, and neither is removed
// before the comparison is written.
MATCH (g:ExplanatoryGraph {id: $first})
MATCH (h:ExplanatoryGraph {id: $second})
SET g.held = coalesce(g.held, 0) + 1, h.held = coalesce(h.held, 0) + 1
WITH g, h
WHERE
  g.state = 'complete' AND
  h.state = 'complete' AND
  g.content = $first_content AND
  h.content = $second_content AND
  NOT EXISTS {
  (g)-[:COMPARED_WITH]-(h)
  }
CREATE (g)-[:COMPARED_WITH]->(h)
RETURN g.id AS graph
