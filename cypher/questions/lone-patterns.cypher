// Which patterns have no partners?
//
// Patterns that fire together with none of the layer above, or with none of the layer below, although there is such a
// layer; those with most evidence first. above, below: how many partners they have there (null where the network's
// mined layers end). advantage: the evidence a pattern wins over what evenly scattered evidence would give it; 1 is no
// better than chance. support: objects on which it fires.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param limit: integer = 50. At most so many rows.
// :returns pattern, layer, filter, above, below, x, y, support, score, advantage
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[r:READS]->(:Layer)
WHERE r.template_size = 0
WITH g, max(r.position) AS top
// Anchors take part in no co-activations of their own.
MATCH (g)-[r:READS]->(l:Layer)
WHERE r.template_size = 0 AND ($layer IS NULL OR l.name = $layer)
WITH g, l.name AS layer, r.position < top AS has_above, r.position > 0 AS has_below
MATCH (g)<-[:IN_GRAPH]-(p:Pattern {layer: layer})
WITH
  p,
  CASE
    WHEN has_above THEN COUNT { (p)-[:CO_ACTIVATES_WITH]->(:Pattern) }
  END AS above,
  CASE
    WHEN has_below THEN COUNT { (p)<-[:CO_ACTIVATES_WITH]-(:Pattern) }
  END AS below
WHERE above = 0 OR below = 0
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  above,
  below,
  p.x AS x,
  p.y AS y,
  p.support AS support,
  p.score AS score,
  p.advantage AS advantage
ORDER BY score DESC, pattern
LIMIT $limit
