// The objects of one graph, in their order
MATCH (g:ExplanatoryGraph {id: $graph})<-[r:IN_GRAPH]-(o:Object)
RETURN
  o.path AS path,
  o.sha256 AS sha256,
  o.photo_width AS photo_width,
  o.photo_height AS photo_height,
  o.box AS box,
  r.mirrored AS mirrored,
  r.pose AS pose
ORDER BY r.row
