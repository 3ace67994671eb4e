// Draw what was separated from a filter
//
// The filter, all patterns that were separated from it, and the patterns above that they fire together with. address:
// the filter's page, in `egraph browse`.
//
// :param category: category, required. The kind of object.
// :param layer: layer, required. The filter's layer.
// :param filter: integer, required. The filter's number in its layer, from 0.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param port: integer = 7480. The port at which `egraph browse` listens.
// :param limit: integer = 50. Draw at most so many ties.
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH separated = (:Filter {id: g.network + '/' + $layer + '/' + toString($filter)})<-[:SEPARATED_FROM]-(p:Pattern)
WHERE p.id STARTS WITH g.id + '/'
OPTIONAL MATCH together = (p)-[:CO_ACTIVATES_WITH]->(:Pattern)
RETURN
  separated,
  together,
  replace(
    'http://127.0.0.1:' + toString($port) + '/filter/' + g.id + '/' + $layer + '/' + toString($filter),
    ' ',
    '%20'
  ) AS address
LIMIT $limit
