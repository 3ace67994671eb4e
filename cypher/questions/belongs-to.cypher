// What does a pattern belong to?
//
// The patterns of the layer above that fire together with a pattern, the strongest first. dx, dy: how far this pattern
// stands to the right of and below the upper one, in fractions of the object; sigma: standard deviation of this
// displacement.
//
// :param pattern: pattern, required. The pattern's id.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, strength, lift, photos, dx, dy, sigma
MATCH (p:Pattern {id: $pattern})-[:IN_GRAPH]->(:ExplanatoryGraph {state: 'complete'})
MATCH (p)-[c:CO_ACTIVATES_WITH]->(upper:Pattern)
OPTIONAL MATCH (p)-[d:DISPLACED_FROM]->(upper)
RETURN
  upper.id AS pattern,
  upper.layer AS layer,
  upper.filter AS filter,
  c.strength AS strength,
  c.lift AS lift,
  c.support AS photos,
  d.dx AS dx,
  d.dy AS dy,
  d.sigma AS sigma
ORDER BY strength DESC, pattern
LIMIT $limit
