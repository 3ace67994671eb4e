// The id of a Job is unique
CREATE CONSTRAINT job_id IF NOT EXISTS
FOR (n:Job)
REQUIRE n.id IS UNIQUE
