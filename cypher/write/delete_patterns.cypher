// Delete some patterns of a graph with all their edges
//
// objects: those that no graph was mined from, on which only a person asked to place the patterns.
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(p:Pattern)
WITH p
LIMIT $limit
OPTIONAL MATCH (p)-[:FIRES_ON]->(o:Object)
WITH collect(DISTINCT p) AS patterns, collect(DISTINCT o) AS fired_on
WITH patterns, [o IN fired_on WHERE NOT EXISTS { (o)-[:IN_GRAPH]->(:ExplanatoryGraph) } | o.id] AS objects
FOREACH (p IN patterns |
  DETACH DELETE p
)
RETURN size(patterns) AS deleted, objects
