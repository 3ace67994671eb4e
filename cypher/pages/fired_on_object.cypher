// The patterns of a graph that fire most strongly on an object, of all layers
//
// A pattern is looked at only when it is one of the first: on a labelled object, half of all patterns fire.
MATCH (:Object {id: $object})<-[f:FIRES_ON]-()
WITH f, f.score AS score
ORDER BY score DESC
LIMIT $limit
WITH f, score, startNode(f) AS p
WHERE p.graph = $graph
WITH f, score, p.id AS id, p.layer AS layer, p.own_name AS own_name
RETURN
  id,
  layer,
  own_name,
  score,
  f.x AS x,
  f.y AS y,
  f.expected_x AS expected_x,
  f.expected_y AS expected_y,
  f.activation AS activation,
  f.likeness AS likeness
ORDER BY score DESC, id
