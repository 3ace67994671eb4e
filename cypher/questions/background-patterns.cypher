// Which patterns fire beside the object as strongly?
//
// Patterns whose filter gives out at least as much beside the object as about their own place, so that they hardly tell
// the object from what surrounds it; those with most evidence first. background: the filter's mean activation beside the
// object, within a quarter of its size, divided by the mean about the pattern's place; 1 is as strong. share: of the
// filter's activation that the pattern explains; beside: that lies beside the object and no pattern explains. score:
// mean evidence over all objects. Patterns of what was mined without --explaining are not listed.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param least: number = 1.0. Smallest `background`.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, background, share, beside, x, y, support, score
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[r:READS]->(l:Layer)
WHERE $layer IS NULL OR l.name = $layer
MATCH (p:Pattern {graph: g.id})
WHERE p.layer = l.name AND p.background >= $least
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  p.background AS background,
  p.share AS share,
  r.filter_beside[p.filter] AS beside,
  p.x AS x,
  p.y AS y,
  p.support AS support,
  p.score AS score
ORDER BY score DESC, pattern
LIMIT $limit
