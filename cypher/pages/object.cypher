// Some objects, and whether the canonical view of each in a graph is the mirrored one
UNWIND $objects AS id
MATCH (o:Object {id: id})
OPTIONAL MATCH (o)-[r:IN_GRAPH]->(:ExplanatoryGraph {id: $graph})
RETURN
  id,
  o.path AS path,
  o.sha256 AS sha256,
  o.photo_width AS photo_width,
  o.photo_height AS photo_height,
  o.box AS box,
  r.mirrored AS mirrored
