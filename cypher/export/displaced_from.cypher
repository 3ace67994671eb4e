// How some patterns stand to those above, to export
UNWIND $ids AS id
MATCH (p:Pattern {id: id})-[e:DISPLACED_FROM]->(upper:Pattern)
RETURN p.id AS source, upper.id AS target, properties(e) AS properties
