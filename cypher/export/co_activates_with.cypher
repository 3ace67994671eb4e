// With which patterns some patterns fire together, to export
UNWIND $ids AS id
MATCH (p:Pattern {id: id})-[e:CO_ACTIVATES_WITH]->(upper:Pattern)
RETURN p.id AS source, upper.id AS target, properties(e) AS properties
