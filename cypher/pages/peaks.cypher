// The objects of a graph on which the output of some filters is largest, and where it is
UNWIND $filters AS filter
MATCH (:Filter {id: filter})-[k:PEAKS_ON {graph: $graph}]->(o:Object)
RETURN
  filter,
  o.path AS path,
  o.sha256 AS sha256,
  o.photo_width AS photo_width,
  o.photo_height AS photo_height,
  o.box AS box,
  k.x AS x,
  k.y AS y,
  k.activation AS activation
ORDER BY filter, activation DESC, sha256
