// Where the patterns of one graph fire on some objects
UNWIND $objects AS id
MATCH (o:Object {id: id})<-[f:FIRES_ON]-(p:Pattern)
WHERE p.graph = $graph
RETURN id AS object, collect([p.layer, p.filter, p.number, f.score, f.x, f.y]) AS firings
