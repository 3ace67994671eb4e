// Which parts of a category some objects show, to export
UNWIND $ids AS id
MATCH (o:Object {id: id})-[e:SHOWS]->(a:Part {category: $category})
WHERE $part IS NULL OR a.name = $part
RETURN o.id AS source, a.id AS target, properties(e) AS properties
