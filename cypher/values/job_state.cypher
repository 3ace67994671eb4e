// The states that a job may be in
UNWIND ['queued', 'running', 'done', 'failed', 'cancelled'] AS value
RETURN value
