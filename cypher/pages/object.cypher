// One object, and whether its canonical view in a graph is the mirrored one
MATCH (o:Object {id: $object})
OPTIONAL MATCH (o)-[r:IN_GRAPH]->(:ExplanatoryGraph {id: $graph})
RETURN
  o.path AS path,
  o.sha256 AS sha256,
  o.photo_width AS photo_width,
  o.photo_height AS photo_height,
  o.box AS box,
  r.mirrored AS mirrored
