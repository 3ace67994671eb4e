// Delete one pattern with its edges, behind everybody's back
MATCH (p:Pattern)
WHERE p.id STARTS WITH $graph
WITH p
ORDER BY p.id DESC
LIMIT 1
DETACH DELETE p
