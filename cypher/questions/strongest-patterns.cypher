// Which patterns are strongest on a part?
//
// The patterns that lie on a part, by their mean score there. on_part: of the objects on which the pattern fires, the
// share on which it is expected inside the box of the part; fires_on_part: the share on which the unit is inside at
// which it fires. Both are lower bounds (95 %), over objects: those that a person labelled, and those on which an And-Or
// graph surely found the part. by_chance: the control of on_part, what the best of all patterns would reach if all stood
// at random places. part_score: its mean score where it is inside a box. score: its mean evidence over all objects.
// x, y: its mean place over all objects, in fractions of the object.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param share: number, optional. Smallest share (on_part) of a pattern on the part; without it, more than by_chance.
// :param allowance: number = 0. How far below by_chance a share may be, where no share is given.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, on_part, fires_on_part, objects, by_chance, part_score, score, x, y
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[:COVERS]->(:Part {id: $category + '/' + $part})
MATCH (p:Pattern)-[l:LIES_ON {of: g.id + '/' + $part}]->(:Part)
WHERE coalesce(l.share >= $share, l.share > l.by_chance - $allowance) AND ($layer IS NULL OR l.layer = $layer)
WITH p, p.id AS pattern, l, l.score AS part_score
ORDER BY part_score DESC, pattern
LIMIT $limit
RETURN
  pattern,
  p.layer AS layer,
  p.filter AS filter,
  l.share AS on_part,
  l.fires_share AS fires_on_part,
  l.objects AS objects,
  l.by_chance AS by_chance,
  part_score,
  p.score AS score,
  p.x AS x,
  p.y AS y
ORDER BY part_score DESC, pattern
