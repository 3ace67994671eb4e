// How does a low pattern lead up to a part?
//
// The strongest path from a pattern upwards, from partner to partner, to each pattern that lies on a part; the surest
// end first. steps: number of co-activations on the path. weakest: the least strength among them. path: the patterns on
// it, from the lowest up. on_part: of the objects on which the path's end fires, the share on which it is expected
// inside the box of the part; fires_on_part: the share on which the unit is inside at which it fires. Both are lower
// bounds (95 %), over objects: those that a person labelled, and those on which an And-Or graph surely found the part.
// by_chance: the control of on_part, what the best of all patterns would reach if all stood at random places.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param pattern: pattern, required. The id of the pattern to begin with.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param share: number, optional. Smallest share (on_part) of the path's end on the part; without it, more than by_chance.
// :param allowance: number = 0. How far below by_chance a share may be, where no share is given.
// :param limit: integer = 20. The largest number of rows.
// :returns end, layer, steps, weakest, on_part, fires_on_part, objects, by_chance, path
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[:COVERS]->(:Part {id: $category + '/' + $part})
WITH g.id AS graph, g.id + '/' + $part AS of
MATCH path = (:Pattern {id: $pattern})-[:CO_ACTIVATES_WITH*1..6]->(top:Pattern)
WHERE top.graph = graph
MATCH (top)-[l:LIES_ON {of: of}]->(:Part)
WHERE coalesce(l.share >= $share, l.share > l.by_chance - $allowance)
WITH
  top,
  l,
  [n IN nodes(path) | n.id] AS ids,
  reduce(least = 1.0, c IN relationships(path) |
      CASE
        WHEN c.strength < least THEN c.strength
        ELSE least
      END) AS weakest
ORDER BY weakest DESC, ids
WITH top, l, head(collect({ids: ids, weakest: weakest})) AS best
RETURN
  top.id AS end,
  top.layer AS layer,
  size(best.ids) - 1 AS steps,
  best.weakest AS weakest,
  l.share AS on_part,
  l.fires_share AS fires_on_part,
  l.objects AS objects,
  l.by_chance AS by_chance,
  best.ids AS path
ORDER BY on_part DESC, weakest DESC, end
LIMIT $limit
