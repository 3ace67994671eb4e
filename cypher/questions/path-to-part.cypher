// How does a low pattern lead up to a part?
//
// The strongest path from a pattern upwards, from partner to partner, to each pattern that lies on a part; the surest
// end first. steps: number of co-activations on the path. weakest: the least strength among them. path: the patterns on
// it, from the lowest up. on_part: share of the labelled objects where it fires on which the path's end is inside a
// box; by_chance: the control of on_part, the same share for a place drawn at random on the objects.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param pattern: pattern, required. The id of the pattern to begin with.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param share: number = 0.5. Smallest share of the labelled objects where it fires on which a pattern is on the part.
// :param limit: integer = 20. The largest number of rows.
// :returns end, layer, steps, weakest, on_part, by_chance, path
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[c:COVERS]->(:Part {id: $category + '/' + $part})
WITH g.id AS graph, g.id + '/' + $part AS of, c.by_chance AS by_chance
MATCH path = (:Pattern {id: $pattern})-[:CO_ACTIVATES_WITH*1..6]->(top:Pattern)
WHERE top.graph = graph
MATCH (top)-[l:LIES_ON {of: of}]->(:Part)
WHERE l.share >= $share
WITH
  by_chance,
  top,
  l.share AS on_part,
  [n IN nodes(path) | n.id] AS ids,
  reduce(least = 1.0, c IN relationships(path) |
      CASE
        WHEN c.strength < least THEN c.strength
        ELSE least
      END) AS weakest
ORDER BY weakest DESC, ids
WITH by_chance, top, on_part, head(collect({ids: ids, weakest: weakest})) AS best
RETURN
  top.id AS end,
  top.layer AS layer,
  size(best.ids) - 1 AS steps,
  best.weakest AS weakest,
  on_part,
  by_chance,
  best.ids AS path
ORDER BY on_part DESC, weakest DESC, end
LIMIT $limit
