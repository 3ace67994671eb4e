// Which jobs are there, and how far are they?
//
// One row per job, the newest first: its kind and category, its state (queued, running, done, failed, cancelled), how
// often a worker took it, the stage it is at with what is done of it and the seconds left, its error, who asked for it
// and when, the worker, and the graph that it made.
//
// :param state: job_state, optional. Only jobs in this state.
// :param limit: integer = 50. The largest number of rows.
// :returns kind, category, state, priority, attempts, stage, done, total, seconds_left, error, submitted_by, created_at,
//   worker, graph, job
MATCH (j:Job)
WHERE $state IS NULL OR j.state = $state
OPTIONAL MATCH (j)-[:PRODUCED]->(g)
RETURN
  j.kind AS kind,
  j.category AS category,
  j.state AS state,
  j.priority AS priority,
  j.attempts AS attempts,
  j.stage AS stage,
  j.done AS done,
  j.total AS total,
  j.seconds_left AS seconds_left,
  j.error AS error,
  j.submitted_by AS submitted_by,
  j.created_at AS created_at,
  j.worker AS worker,
  g.id AS graph,
  j.id AS job
ORDER BY created_at DESC, job
LIMIT $limit
