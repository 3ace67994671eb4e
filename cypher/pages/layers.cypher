// The layers of one graph from the input side up, and what is summed up of each
MATCH (g:ExplanatoryGraph {id: $graph})-[r:READS]->(l:Layer)
RETURN
  l.name AS name,
  r.channels AS channels,
  r.width AS width,
  r.receptive_field AS receptive_field,
  r.patterns AS patterns,
  r.kept_filters AS filters,
  r.support AS support,
  r.advantage AS advantage,
  r.sigma AS sigma,
  r.apart AS apart,
  r.ties AS ties,
  r.lift AS lift,
  r.strongest AS strongest
ORDER BY r.position
