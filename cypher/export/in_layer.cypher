// In which layer some filters are, to export
UNWIND $ids AS id
MATCH (f:Filter {id: id})-[e:IN_LAYER]->(l:Layer)
RETURN f.id AS source, l.id AS target, properties(e) AS properties
