// The objects that show a part, with a box that a person drew
MATCH (o:Object)-[s:SHOWS]->(:Part {id: $part})
RETURN
  o.path AS path,
  o.sha256 AS sha256,
  o.photo_width AS photo_width,
  o.photo_height AS photo_height,
  o.box AS box,
  s.box AS drawn
ORDER BY sha256, drawn[0], drawn[1]
LIMIT $limit
