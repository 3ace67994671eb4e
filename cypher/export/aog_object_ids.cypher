// The objects of an And-Or graph
MATCH (a:AndOrGraph {id: $aog})-[:LEARNT_FROM|FOUND_ON]->(o:Object)
RETURN DISTINCT o.id AS id
