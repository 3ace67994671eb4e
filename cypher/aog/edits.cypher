// The changes that people made to an And-Or graph, in their order
MATCH (e:Edit)-[:CHANGED]->(:AndOrGraph {id: $id})
RETURN
  e.number AS number,
  e.created_at AS created_at,
  e.who AS who,
  e.pattern AS pattern,
  e.change AS change,
  e.before AS before
ORDER BY number
