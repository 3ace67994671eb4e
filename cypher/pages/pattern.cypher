// Some patterns of a graph, with what a page of each says, without the lists that only mining reads
UNWIND $patterns AS id
MATCH (p:Pattern {id: id})
WHERE p.graph = $graph
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
  p.share AS share,
  p.likeness AS likeness,
  p.background AS background,
  p.own_name AS own_name,
  p.note AS note,
  p.sigma AS sigma,
  p.apart AS apart
