// Remove the And-Or graphs that were built from a graph that is being removed
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state = 'deleting'
MATCH (a:AndOrGraph {graph: $graph})
OPTIONAL MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
WITH a, collect(t) AS templates
OPTIONAL MATCH (e:Edit)-[:CHANGED]->(a)
WITH a, templates, collect(e) AS edits
FOREACH (n IN templates + edits |
  DETACH DELETE n
)
DETACH DELETE a
