// The objects of a graph on which a filter's output is largest, and where it is
MATCH (:Filter {id: $filter})-[k:PEAKS_ON {graph: $graph}]->(o:Object)
RETURN
  o.path AS path,
  o.sha256 AS sha256,
  o.photo_width AS photo_width,
  o.photo_height AS photo_height,
  o.box AS box,
  k.x AS x,
  k.y AS y,
  k.activation AS activation
ORDER BY activation DESC, sha256
LIMIT $most
