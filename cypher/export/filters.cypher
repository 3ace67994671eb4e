// Some filters, to export
UNWIND $ids AS id
MATCH (f:Filter {id: id})
RETURN properties(f) AS properties
