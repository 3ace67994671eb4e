// Draw what fires on a photo
//
// The objects of one photo, the parts that they show, and the patterns that fire on them most strongly. address: an
// object's page, in `egraph browse`.
//
// :param category: category, required. The kind of object.
// :param photo: photo, required. The photo's file name or path, or the id of an object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param port: integer = 7480. The port at which `egraph browse` listens.
// :param limit: integer = 50. Draw at most so many patterns.
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (o:Object)
WHERE $photo IN [o.id, o.path] OR o.path ENDS WITH '/' + $photo
MATCH fires = (o)<-[f:FIRES_ON]-(p:Pattern)
WHERE p.id STARTS WITH g.id + '/'
WITH g, o, fires, f.score AS score
ORDER BY score DESC
LIMIT $limit
OPTIONAL MATCH shows = (o)-[:SHOWS]->(:Part)
RETURN
  fires,
  shows,
  replace('http://127.0.0.1:' + toString($port) + '/object/' + g.id + '/' + replace(o.id, '#', '%23'), ' ', '%20') AS address
