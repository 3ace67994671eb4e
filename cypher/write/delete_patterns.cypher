// Delete some patterns of a graph with all their edges
//
// objects: those that no graph was mined from, on which only a person asked to place the patterns. The first SET takes
// the graph's lock: a graph that was removed by another, and is written anew, is left alone.
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state = 'deleting'
MATCH (g)<-[:IN_GRAPH]-(p:Pattern)
WITH p
LIMIT $limit
OPTIONAL MATCH (p)-[:FIRES_ON]->(o:Object)
WITH collect(DISTINCT p) AS patterns, collect(DISTINCT o) AS fired_on
WITH patterns, [o IN fired_on WHERE NOT EXISTS { (o)-[:IN_GRAPH]->(:ExplanatoryGraph) } | o.id] AS objects
FOREACH (p IN patterns |
  DETACH DELETE p
)
RETURN size(patterns) AS deleted, objects
