// Which patterns are strongest on a part?
//
// The patterns whose inferred place falls into the boxes that a person drew, by their mean score on those objects.
// on_part: share of the labelled objects where it fires on which the pattern is inside a box. part_score: its mean
// score where it is inside a box. score: its mean evidence over all objects. x, y: its mean place over all objects, in
// fractions of the object.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param share: number = 0.5. Smallest share of the labelled objects where it fires on which a pattern is on the part.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, on_part, part_score, score, x, y
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[:COVERS]->(:Part {id: $category + '/' + $part})
MATCH (p:Pattern)-[l:LIES_ON {of: g.id + '/' + $part}]->(:Part)
WHERE l.share >= $share AND ($layer IS NULL OR l.layer = $layer)
WITH p, p.id AS pattern, l.share AS on_part, l.score AS part_score
ORDER BY part_score DESC, pattern
LIMIT $limit
RETURN pattern, p.layer AS layer, p.filter AS filter, on_part, part_score, p.score AS score, p.x AS x, p.y AS y
ORDER BY part_score DESC, pattern
