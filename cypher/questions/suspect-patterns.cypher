// Which patterns do findings name, and did they decide wrongly?
//
// Of the findings that `egraph diagnose --keep` stored, the patterns that they name: findings: in how many; matter: how
// many of these were shown to matter to the answers, and strength, by how much at least; kinds: what was found. for_wrong,
// of `wrong`: on how many of the wrong answers that `egraph explain --keep --instead-of` stored the pattern spoke for the
// wrong class; usual: the control, the same of the mean pattern that spoke on any of them; none where there are none.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, findings, matter, strength, kinds, for_wrong, wrong, usual
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
OPTIONAL MATCH (e:Explanation {graph: g.id})
WHERE e.instead_of IS NOT NULL AND e.class = e.predicted
WITH g, count(e) AS wrong
OPTIONAL MATCH (e:Explanation {graph: g.id})-[a:ATTRIBUTES_TO]->(spoke:Pattern)
WHERE e.instead_of IS NOT NULL AND e.class = e.predicted AND a.pro + a.contra > 0
WITH g, wrong, count(a) AS times, count(DISTINCT spoke) AS speakers
MATCH (f:Finding {graph: g.id})-[:NAMES]->(p:Pattern)
WITH
  g,
  wrong,
  times,
  speakers,
  p,
  count(f) AS findings,
  count(
    CASE
      WHEN f.matters THEN 1
    END) AS matter,
  max(f.strength) AS strength,
  collect(DISTINCT f.kind) AS kinds
OPTIONAL MATCH (p)<-[a:ATTRIBUTES_TO]-(e:Explanation {graph: g.id})
WHERE e.instead_of IS NOT NULL AND e.class = e.predicted AND a.pro + a.contra > 0
WITH wrong, times, speakers, p, findings, matter, strength, kinds, count(a) AS for_wrong
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  findings,
  matter,
  strength,
  kinds,
  for_wrong,
  wrong,
  CASE
    WHEN speakers > 0 THEN toFloat(times) / speakers
    ELSE null
  END AS usual
ORDER BY matter DESC, strength DESC, findings DESC, pattern
LIMIT $limit
