// What is a pattern made of?
//
// The patterns of the layer below that fire together with a pattern, the strongest first. dx, dy: how far the lower
// pattern stands to the right of and below this one, in fractions of the object; sigma: standard deviation of this
// displacement.
//
// :param pattern: pattern, required. The pattern's id.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, strength, lift, photos, dx, dy, sigma
MATCH (p:Pattern {id: $pattern})-[:IN_GRAPH]->(:ExplanatoryGraph {state: 'complete'})
MATCH (lower:Pattern)-[c:CO_ACTIVATES_WITH]->(p)
OPTIONAL MATCH (lower)-[d:DISPLACED_FROM]->(p)
RETURN
  lower.id AS pattern,
  lower.layer AS layer,
  lower.filter AS filter,
  c.strength AS strength,
  c.lift AS lift,
  c.support AS photos,
  d.dx AS dx,
  d.dy AS dy,
  d.sigma AS sigma
ORDER BY strength DESC, pattern
LIMIT $limit
