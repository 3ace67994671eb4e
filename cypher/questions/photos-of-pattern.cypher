// On which photos does a pattern fire best?
//
// The objects on which a pattern fires most strongly. score: how strongly; usual: the control, the mean of the score
// over all objects. x, y: where it fires, the centre of the network's unit, in pixels of the photo. activation: the
// network's own output there. likeness: how well the context there fits the pattern, at most 1. expected_x, expected_y:
// where the object's pose, which all patterns tell together, puts this pattern, in pixels of the photo. box: the object
// in the photo.
//
// :param pattern: pattern, required. The pattern's id.
// :param limit: integer = 20. The largest number of rows.
// :returns photo, object, score, usual, x, y, activation, likeness, expected_x, expected_y, box
MATCH (p:Pattern {id: $pattern})-[:IN_GRAPH]->(:ExplanatoryGraph {state: 'complete'})
MATCH (p)-[f:FIRES_ON]->(o:Object)
RETURN
  o.path AS photo,
  o.id AS object,
  f.score AS score,
  p.usual AS usual,
  o.box[0] + f.x * o.box[2] AS x,
  o.box[1] + f.y * o.box[3] AS y,
  f.activation AS activation,
  f.likeness AS likeness,
  o.box[0] + f.expected_x * o.box[2] AS expected_x,
  o.box[1] + f.expected_y * o.box[3] AS expected_y,
  o.box AS box
ORDER BY score DESC, object
LIMIT $limit
