// An And-Or graph with its templates, in place of one of the same id
//
// Its patterns and where the part was found follow in the same transaction, which holds the graph. The SET takes the
// part's lock.
MATCH (g:ExplanatoryGraph {id: $graph})
MATCH (p:Part {id: $category + '/' + $part})
SET p.held = coalesce(p.held, 0) + 1
CREATE (a:AndOrGraph {id: $id})
SET a += $properties
CREATE (a)-[:BUILT_FROM]->(g)
CREATE (a)-[:FOR_PART]->(p)
WITH a
UNWIND $templates AS row
CREATE (t:Template {id: $id + '/' + toString(row.number)})
SET t += row
CREATE (a)-[:HAS_TEMPLATE]->(t)
RETURN count(t) AS rows
