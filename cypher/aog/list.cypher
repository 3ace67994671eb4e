// The And-Or graphs, with what they were built from
MATCH (a:AndOrGraph)
OPTIONAL MATCH (a)-[:BUILT_FROM]->(g:ExplanatoryGraph)
OPTIONAL MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
WITH a, g, count(DISTINCT t.id) AS templates
RETURN
  a.id AS id,
  a.category AS category,
  a.part AS part,
  a.name AS name,
  a.graph AS graph,
  a.labels AS labels,
  templates,
  a.patterns AS patterns,
  a.created_at AS created_at,
  a.content AS content,
  g.content AS graph_content
ORDER BY id
