// Of which patterns the templates of the And-Or graphs of a graph are composed, to export
MATCH (a:AndOrGraph)-[:BUILT_FROM]->(:ExplanatoryGraph {id: $graph})
WHERE $aog IS NULL OR a.id = $aog
MATCH (a)-[:HAS_TEMPLATE]->(t:Template)-[e:COMPOSED_OF]->(p:Pattern)
RETURN t.id AS source, p.id AS target, properties(e) AS properties
ORDER BY source, target
