// Change a job if it still is as the caller saw it
//
// The first SET takes the job's lock, so that what is looked at behind it is what it is until the commit. `token` and
// `beats` may be null: then they may be anything.
MATCH (j:Job {id: $job})
SET j.changes = j.changes + 1
WITH j
WHERE j.state IN $states AND ($token IS NULL OR j.token = $token) AND ($beats IS NULL OR j.beats = $beats)
SET j += $properties
SET j.log = (j.log + $lines)[-200..]
RETURN properties(j) AS job
