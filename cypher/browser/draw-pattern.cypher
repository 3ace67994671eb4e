// Draw a pattern among its partners
//
// The pattern, its filter and layer, what it is made of, and what it belongs to; the strongest ties of each side. address:
// its page, in `egraph browse`.
//
// :param pattern: pattern, required. The pattern's id.
// :param port: integer = 7480. The port at which `egraph browse` listens.
// :param limit: integer = 50. Draw at most so many partners.
MATCH (p:Pattern {id: $pattern})-[:IN_GRAPH]->(:ExplanatoryGraph {state: 'complete'})
MATCH where = (p)-[:SEPARATED_FROM]->(:Filter)-[:IN_LAYER]->(:Layer)-[:IN_NETWORK]->(:Network)
OPTIONAL MATCH together = (p)-[c:CO_ACTIVATES_WITH]-(:Pattern)
WITH where, together, c.strength AS strength
ORDER BY strength DESC
LIMIT $limit
RETURN where, together, replace('http://127.0.0.1:' + toString($port) + '/pattern/' + $pattern, ' ', '%20') AS address
