// Some patterns by their ids, with what is said of each in a row
UNWIND $patterns AS id
MATCH (p:Pattern {id: id})
RETURN
  p.id AS id,
  p.layer AS layer,
  p.filter AS filter,
  p.number AS number,
  p.x AS x,
  p.y AS y,
  p.support AS support,
  p.score AS score,
  p.advantage AS advantage,
  p.share AS share,
  p.likeness AS likeness,
  p.background AS background,
  p.own_name AS own_name,
  p.note AS note
