// The jobs that a worker holds, or held when it was last heard of
MATCH (j:Job {state: 'running'})
RETURN properties(j) AS job
ORDER BY j.priority DESC, j.created_at, j.id
