// What was found wrong with the network?
//
// Of the findings that `egraph diagnose --keep` stored, the strongest first: what is found, its figure beside the
// control, and what became of the score when it was tried. by_chance: the score after as much was taken out at random.
// matters: whether the difference is beyond chance. patterns: those that it names.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param pattern: pattern, optional. Only findings that name this pattern.
// :param matters: boolean, optional. Only findings that were, or were not, shown to matter.
// :param limit: integer = 50. The largest number of rows.
// :returns number, finding, says, figure, control, tried, score, before, after, by_chance, matters, patterns
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (f:Finding {graph: g.id})
WHERE $matters IS NULL OR f.matters = $matters
OPTIONAL MATCH (f)-[:NAMES]->(p:Pattern)
WITH f, p.id AS id
ORDER BY id
WITH f, collect(id) AS patterns
WHERE $pattern IS NULL OR $pattern IN patterns
RETURN
  f.number AS number,
  f.kind AS finding,
  f.says AS says,
  f.figure AS figure,
  f.control AS control,
  f.tried AS tried,
  f.score AS score,
  f.before AS before,
  f.after AS after,
  f.by_chance AS by_chance,
  f.matters AS matters,
  patterns
ORDER BY f.strength DESC, f.graph, f.layer, number
LIMIT $limit
