// The templates of the And-Or graphs of a graph, to export
MATCH (a:AndOrGraph)-[:BUILT_FROM]->(:ExplanatoryGraph {id: $graph})
WHERE $aog IS NULL OR a.id = $aog
MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
RETURN properties(t) AS properties
ORDER BY t.id
