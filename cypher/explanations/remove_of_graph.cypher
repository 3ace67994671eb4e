// Remove some explanations by a graph that is being removed; the objects that they explained
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state = 'deleting'
MATCH (e:Explanation {graph: $graph})
WITH e
LIMIT $limit
OPTIONAL MATCH (e)-[:EXPLAINS]->(o:Object)
WITH collect(DISTINCT e) AS explanations, collect(DISTINCT o.id) AS objects
FOREACH (e IN explanations |
  DETACH DELETE e
)
RETURN size(explanations) AS deleted, objects
