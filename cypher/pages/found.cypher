// Where an And-Or graph found its part, on the objects on which it is surest or least sure
MATCH (a:AndOrGraph {id: $aog})-[f:FOUND_ON]->(o:Object)
MATCH (a)-[:HAS_TEMPLATE]->(t:Template {number: f.template})
WITH f, o, t, o.id AS object,
  CASE
    WHEN $surest THEN - f.confidence
    ELSE f.confidence
  END AS rank
ORDER BY rank, object
LIMIT $limit
RETURN
  o.path AS path,
  o.sha256 AS sha256,
  o.photo_width AS photo_width,
  o.photo_height AS photo_height,
  o.box AS box,
  f.x AS x,
  f.y AS y,
  f.confidence AS confidence,
  f.place_confidence AS place_confidence,
  f.template AS template,
  t.box_width AS box_width,
  t.box_height AS box_height
ORDER BY rank, sha256
