// Remove an And-Or graph with its templates and edits; patterns, objects and labels stay
//
// What was counted on the objects on which it found the part is counted anew, over labels alone.
MATCH (a:AndOrGraph {id: $id})
OPTIONAL MATCH (:ExplanatoryGraph {id: a.graph})-[c:COVERS {aog: $id}]->(:Part)
DELETE c
WITH DISTINCT a
OPTIONAL MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
WITH a, collect(t) AS templates
OPTIONAL MATCH (e:Edit)-[:CHANGED]->(a)
WITH a, templates, collect(e) AS edits
FOREACH (n IN templates + edits |
  DETACH DELETE n
)
DETACH DELETE a
RETURN size(templates) AS templates
