// Where an And-Or graph found its part
MATCH (a:AndOrGraph {id: $id})-[f:FOUND_ON]->(o:Object)
RETURN
  o.id AS object,
  f.x AS x,
  f.y AS y,
  f.residual_x AS residual_x,
  f.residual_y AS residual_y,
  f.confidence AS confidence,
  f.place_confidence AS place_confidence,
  f.trust AS trust,
  f.template AS template
ORDER BY f.row
