// The patterns of one template of an And-Or graph
MATCH (:Template {id: $template})-[c:COMPOSED_OF]->(p:Pattern)
RETURN
  p.layer AS layer,
  p.filter AS filter,
  p.number AS number,
  c.dx AS dx,
  c.dy AS dy,
  c.sigma AS sigma,
  c.response_dx AS response_dx,
  c.response_dy AS response_dy,
  c.weight AS weight,
  c.mean_evidence AS mean_evidence,
  c.share AS share
ORDER BY layer, filter, number
