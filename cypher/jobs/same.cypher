// The jobs that wait or run and ask for the same, the oldest first
MATCH (j:Job)
WHERE j.state IN ['queued', 'running'] AND j.kind = $kind AND j.parameters = $parameters
RETURN properties(j) AS job
ORDER BY j.created_at, j.id
