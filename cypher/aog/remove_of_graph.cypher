// Remove the And-Or graphs that were built from a graph that is being removed
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.category = g.category
WITH g
WHERE g.state = 'deleting'
MATCH (a:AndOrGraph {graph: $graph})
OPTIONAL MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
WITH a, collect(t) AS templates
FOREACH (t IN templates |
  DETACH DELETE t
)
DETACH DELETE a
