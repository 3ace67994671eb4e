// In which graph some patterns are, to export
UNWIND $ids AS id
MATCH (p:Pattern {id: id})-[e:IN_GRAPH]->(g:ExplanatoryGraph)
RETURN p.id AS source, g.id AS target, properties(e) AS properties
