// Which filters are noise?
//
// The filters of which mining kept the fewest patterns: the other candidates fire on too few photos, or have no more
// evidence than they would have if all peaks were scattered evenly. Those that keep none come first. patterns: how many
// were kept; in_layer: mean number over the layer's filters, to compare with. advantage: mean of the kept patterns'
// evidence divided by what they would win if all peaks were scattered evenly; 1 is no better than chance. mean,
// deviation: the filter's activation over all units; a filter whose deviation is 0 never reacts to anything.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only filters of this layer.
// :param most: integer, optional. Only filters that keep at most this many patterns.
// :param limit: integer = 100. The largest number of rows.
// :returns layer, filter, patterns, in_layer, advantage, mean, deviation
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[r:READS]->(l:Layer)
// Anchors are templates over all filters and belong to none.
WHERE r.template_size = 0 AND ($layer IS NULL OR l.name = $layer)
WITH
  l.name AS layer,
  r.position AS position,
  toFloat(r.patterns) / r.channels AS in_layer,
  r.filter_patterns AS kept,
  r.filter_advantage AS advantages,
  r.filter_mean AS means,
  r.filter_deviation AS deviations
UNWIND range(0, size(kept) - 1) AS filter
WITH layer, position, in_layer, filter, kept[filter] AS patterns, advantages, means, deviations
WHERE $most IS NULL OR patterns <= $most
RETURN
  layer,
  filter,
  patterns,
  in_layer,
  CASE
    WHEN patterns > 0 THEN advantages[filter]
  END AS advantage,
  means[filter] AS mean,
  deviations[filter] AS deviation
ORDER BY patterns, position, advantage, filter
LIMIT $limit
