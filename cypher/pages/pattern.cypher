// One pattern of a complete graph, without the lists that only mining reads
MATCH (p:Pattern {id: $pattern})-[:IN_GRAPH]->(g:ExplanatoryGraph {state: 'complete'})
RETURN
  p.id AS id,
  p.layer AS layer,
  p.filter AS filter,
  p.number AS number,
  p.x AS x,
  p.y AS y,
  p.spread AS spread,
  p.support AS support,
  p.score AS score,
  p.advantage AS advantage,
  p.chance AS chance,
  p.likeness AS likeness,
  p.sigma AS sigma,
  p.apart AS apart,
  p.above AS above,
  p.below AS below,
  g.id AS graph
