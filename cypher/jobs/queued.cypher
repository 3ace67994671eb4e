// The jobs that wait for a worker, in the order in which they are taken
MATCH (j:Job {state: 'queued'})
RETURN properties(j) AS job
ORDER BY j.priority DESC, j.created_at, j.id
LIMIT $limit
