// On which parts some patterns lie, to export
UNWIND $ids AS id
MATCH (p:Pattern {id: id})-[e:LIES_ON]->(a:Part)
WHERE $part IS NULL OR a.name = $part
RETURN p.id AS source, a.id AS target, properties(e) AS properties
