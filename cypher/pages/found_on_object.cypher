// Where the And-Or graphs of a graph found their parts on an object
MATCH (:Object {id: $object})<-[f:FOUND_ON]-(a:AndOrGraph {graph: $graph})
MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
WHERE t.number = f.template
RETURN
  a.part AS part,
  f.x AS x,
  f.y AS y,
  f.confidence AS confidence,
  f.place_confidence AS place_confidence,
  f.template AS template,
  t.box_width AS box_width,
  t.box_height AS box_height
ORDER BY part, a.id
