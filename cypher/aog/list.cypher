// The And-Or graphs, with what they were built from
//
// labelled: how many of the objects that it was learnt from still bear a label of the part.
MATCH (a:AndOrGraph)
OPTIONAL MATCH (a)-[:BUILT_FROM]->(g:ExplanatoryGraph)
OPTIONAL MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
WITH a, g, count(DISTINCT t.id) AS templates
OPTIONAL MATCH (a)-[:LEARNT_FROM]->(o:Object)-[:SHOWS]->(:Part {id: a.category + '/' + a.part})
WITH a, g, templates, count(DISTINCT o.id) AS labelled
RETURN
  a.id AS id,
  a.category AS category,
  a.part AS part,
  a.name AS name,
  a.graph AS graph,
  a.labels AS labels,
  labelled,
  templates,
  a.patterns AS patterns,
  a.created_at AS created_at,
  a.content AS content,
  g.content AS graph_content
ORDER BY id
