// The patterns of one layer that fire most strongly on an object
MATCH (:Object {id: $object})<-[f:FIRES_ON]-(p:Pattern)
WITH f, p, f.score AS score
WHERE p.graph = $graph AND p.layer = $layer
WITH f, p.id AS id, p.own_name AS own_name, score
ORDER BY score DESC, id
LIMIT $limit
RETURN
  id,
  own_name,
  score,
  f.x AS x,
  f.y AS y,
  f.expected_x AS expected_x,
  f.expected_y AS expected_y,
  f.activation AS activation,
  f.likeness AS likeness
ORDER BY score DESC, id
