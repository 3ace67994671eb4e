// What the templates of an And-Or graph say of one pattern
MATCH (:AndOrGraph {id: $id})-[:HAS_TEMPLATE]->(t:Template)-[c:COMPOSED_OF]->(:Pattern {id: $pattern})
RETURN t.number AS number, properties(c) AS properties
ORDER BY number
