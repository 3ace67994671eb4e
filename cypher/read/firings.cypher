// Where the patterns of one graph fire on some objects
UNWIND $objects AS id
MATCH (o:Object {id: id})<-[f:FIRES_ON]-(p:Pattern)
WHERE p.graph = $graph
RETURN
  id AS object,
  collect([
    p.layer,
    p.filter,
    p.number,
    f.x,
    f.y,
    f.activation,
    f.score,
    coalesce(f.likeness, 0.0),
    f.expected_x,
    f.expected_y
  ]) AS firings
