// All jobs, the newest last, or those whose id begins with a text
MATCH (j:Job)
WHERE j.id STARTS WITH $id AND ($state IS NULL OR j.state = $state)
OPTIONAL MATCH (j)-[:PRODUCED]->(g)
WITH j, g.id AS graph
ORDER BY j.created_at, j.id
RETURN properties(j) AS job, graph
