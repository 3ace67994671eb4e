// Workers look for jobs by their state
CREATE INDEX job_state IF NOT EXISTS
FOR (n:Job)
ON (n.state)
