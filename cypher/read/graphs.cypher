// All graphs of this database, complete or not
MATCH (g:ExplanatoryGraph)
RETURN
  g.id AS id,
  g.category AS category,
  g.name AS name,
  g.network AS network,
  g.state AS state,
  g.images AS images,
  g.patterns AS patterns,
  g.created_at AS created_at,
  g.summed IS NOT NULL AS summed,
  coalesce(g.format, 1) AS format
ORDER BY id
