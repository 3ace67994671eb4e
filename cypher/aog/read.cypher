// One And-Or graph and its templates
MATCH (a:AndOrGraph {id: $id})-[:HAS_TEMPLATE]->(t:Template)
RETURN properties(a) AS aog, properties(t) AS template
ORDER BY t.number
