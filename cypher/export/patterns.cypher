// Some patterns, to export
UNWIND $ids AS id
MATCH (p:Pattern {id: id})
RETURN properties(p) AS properties
