// The patterns of an And-Or graph
MATCH (a:AndOrGraph {id: $aog})-[:HAS_TEMPLATE]->(:Template)-[:COMPOSED_OF]->(p:Pattern)
RETURN DISTINCT p.layer AS layer, p.filter AS filter, p.number AS number
ORDER BY layer, filter, number
