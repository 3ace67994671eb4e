// A new job
CREATE (j:Job {id: $id})
SET j += $properties
