// Delete one job
MATCH (j:Job {id: $job}) DETACH DELETE j
