// The patterns of one template of an And-Or graph
MATCH (:Template {id: $template})-[c:COMPOSED_OF]->(p:Pattern)
RETURN
  p.layer AS layer,
  p.filter AS filter,
  p.number AS number,
  c.dx AS dx,
  c.dy AS dy,
  c.sigma AS sigma,
  c.weight AS weight,
  c.strength AS strength
ORDER BY layer, filter, number
