// How do networks compare on a category?
//
// One row for each layer of each complete graph of a category, from the top layer down, so that layers at the same
// depth stand together. filters: how many of the layer's filters keep a pattern, out of `channels`. support: mean share
// of the objects on which a pattern fires. advantage: mean of the patterns' evidence divided by what they would win if
// all peaks were scattered evenly; 1 is no better than chance. sigma: mean standard deviation of the displacements from
// patterns in the layers above; apart: the control of sigma, its value if the patterns moved independently. ties:
// number of patterns in the layer above that fire together with a pattern, on average; lift: how often two such
// patterns fire together, divided by how often they would by chance, on average.
//
// :param category: category, required. The kind of object.
// :param network: network, optional. Only this network and the other one, by name or id.
// :param other_network: network, optional. The other network, by name or id.
// :returns below_top, layer, network, graph, patterns, filters, channels, support, advantage, sigma, apart, ties, lift
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE
  ($network IS NULL AND $other_network IS NULL) OR
  g.network IN [$network, $other_network] OR
  split(g.network, '@')[0] IN [$network, $other_network]
MATCH (g)-[r:READS]->(:Layer)
WITH g, max(r.position) AS top
MATCH (g)-[r:READS]->(l:Layer)
WHERE r.patterns > 0
RETURN
  top - r.position AS below_top,
  l.name AS layer,
  g.network AS network,
  g.name AS graph,
  r.patterns AS patterns,
  r.kept_filters AS filters,
  r.channels AS channels,
  r.support AS support,
  r.advantage AS advantage,
  r.sigma AS sigma,
  r.apart AS apart,
  toFloat(r.ties) / r.patterns AS ties,
  r.lift AS lift
ORDER BY below_top, network, graph
