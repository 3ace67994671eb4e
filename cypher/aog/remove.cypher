// Remove an And-Or graph with its templates; patterns, objects and labels stay
MATCH (a:AndOrGraph {id: $id})
OPTIONAL MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
WITH a, collect(t) AS templates
FOREACH (t IN templates |
  DETACH DELETE t
)
DETACH DELETE a
RETURN size(templates) AS templates
