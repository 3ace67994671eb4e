// Which objects was a graph mined from?
//
// A plain list, in the graph's order. photo: where the photo was seen last. box: the object in it, in pixels. mirrored:
// whether the object was turned to its canonical side. parts: the labelled parts that it shows.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param limit: integer = 1000. The largest number of rows.
// :returns object, photo, box, mirrored, parts
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (o:Object)-[seen:IN_GRAPH]->(g)
OPTIONAL MATCH (o)-[:SHOWS]->(part:Part {category: $category})
WITH o, seen, part.name AS part
ORDER BY part
WITH o, seen, collect(DISTINCT part) AS parts
RETURN o.id AS object, o.path AS photo, o.box AS box, seen.mirrored AS mirrored, parts
ORDER BY seen.row
LIMIT $limit
