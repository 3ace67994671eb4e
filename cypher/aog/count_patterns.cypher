// Count the patterns of an And-Or graph again
MATCH (a:AndOrGraph {id: $id})
OPTIONAL MATCH (a)-[:HAS_TEMPLATE]->(:Template)-[:COMPOSED_OF]->(p:Pattern)
WITH a, count(DISTINCT p.id) AS patterns
SET a.patterns = patterns
RETURN patterns
