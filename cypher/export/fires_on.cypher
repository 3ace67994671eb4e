// On which objects some patterns fire, to export
UNWIND $ids AS id
MATCH (p:Pattern {id: id})-[e:FIRES_ON]->(o:Object)
RETURN p.id AS source, o.id AS target, properties(e) AS properties
