// On which photos does a pattern fire best?
//
// The objects on which a pattern has most evidence. score: its evidence there; usual: its mean over all objects, its
// control. x, y: where it was found, in pixels of the photo. box: the object in the photo.
//
// :param pattern: pattern, required. The pattern's id.
// :param limit: integer = 20. At most so many rows.
// :returns photo, object, score, usual, x, y, box
MATCH (p:Pattern {id: $pattern})-[:IN_GRAPH]->(:ExplanatoryGraph {state: 'complete'})
MATCH (p)-[f:FIRES_ON]->(o:Object)
RETURN
  o.path AS photo,
  o.id AS object,
  f.score AS score,
  p.score AS usual,
  o.box[0] + f.x * o.box[2] AS x,
  o.box[1] + f.y * o.box[3] AS y,
  o.box AS box
ORDER BY score DESC, object
LIMIT $limit
