// What fires together with some patterns, in the layer above and in the one below
UNWIND $patterns AS pattern
MATCH (p:Pattern {id: pattern})-[c:CO_ACTIVATES_WITH]->(q:Pattern)
OPTIONAL MATCH (p)-[d:DISPLACED_FROM]->(q)
RETURN
  pattern,
  true AS above,
  q.id AS partner,
  c.strength AS strength,
  c.lift AS lift,
  c.support AS photos,
  - d.dx AS dx,
  - d.dy AS dy,
  d.sigma AS sigma
  UNION ALL
UNWIND $patterns AS pattern
MATCH (p:Pattern {id: pattern})<-[c:CO_ACTIVATES_WITH]-(q:Pattern)
OPTIONAL MATCH (q)-[d:DISPLACED_FROM]->(p)
RETURN
  pattern,
  false AS above,
  q.id AS partner,
  c.strength AS strength,
  c.lift AS lift,
  c.support AS photos,
  d.dx AS dx,
  d.dy AS dy,
  d.sigma AS sigma
