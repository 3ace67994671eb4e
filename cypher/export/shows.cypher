// Which parts of a category some objects show, to export
UNWIND $ids AS id
MATCH (o:Object {id: id})-[e:SHOWS]->(a:Part {category: $category})
RETURN o.id AS source, a.id AS target, properties(e) AS properties
