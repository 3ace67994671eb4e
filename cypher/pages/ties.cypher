// Which of some patterns fire together, with their displacement
UNWIND $patterns AS id
MATCH (p:Pattern {id: id})-[c:CO_ACTIVATES_WITH]->(q:Pattern)
WHERE q.id IN $patterns
OPTIONAL MATCH (p)-[d:DISPLACED_FROM]->(q)
RETURN
  p.id AS lower,
  q.id AS upper,
  c.strength AS strength,
  c.support AS photos,
  d.dx AS dx,
  d.dy AS dy,
  d.sigma AS sigma
ORDER BY strength DESC, lower, upper
