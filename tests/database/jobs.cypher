// Delete all jobs
MATCH (j:Job) DETACH DELETE j
