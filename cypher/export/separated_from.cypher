// From which filters some patterns were separated, to export
UNWIND $ids AS id
MATCH (p:Pattern {id: id})-[e:SEPARATED_FROM]->(f:Filter)
RETURN p.id AS source, f.id AS target, properties(e) AS properties
