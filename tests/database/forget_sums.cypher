// Make a graph look as an earlier egraph wrote it
MATCH (g:ExplanatoryGraph {id: $graph})
REMOVE g.summed
WITH g
OPTIONAL MATCH (g)-[c:COVERS]->(:Part)
DELETE c
WITH DISTINCT g
MATCH (g)-[r:READS]->(:Layer)
REMOVE
  r.filter_patterns,
  r.filter_advantage,
  r.kept_filters,
  r.support,
  r.advantage,
  r.steps,
  r.sigma,
  r.apart,
  r.ties,
  r.lift,
  r.strongest
WITH DISTINCT g
MATCH (g)<-[:IN_GRAPH]-(p:Pattern)
REMOVE p.graph, p.neighbours, p.sigma, p.apart, p.above, p.below, p.alone
WITH p
MATCH (p)-[l:LIES_ON]->(:Part)
DELETE l
