// Remove the And-Or graphs that were built from a graph
MATCH (a:AndOrGraph {graph: $graph})
OPTIONAL MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
WITH a, collect(t) AS templates
FOREACH (t IN templates |
  DETACH DELETE t
)
DETACH DELETE a
