// Delete some filters of a network that no graph is mined from
//
// The first SET takes the network's lock, which whoever begins a graph of it needs too.
MATCH (n:Network {id: $network})
SET n.held = coalesce(n.held, 0) + 1
WITH n
WHERE
  NOT EXISTS {
    MATCH (g:ExplanatoryGraph)
    WHERE g.network = n.id
  }
MATCH (n)<-[:IN_NETWORK]-(:Layer)<-[:IN_LAYER]-(f:Filter)
WITH f
LIMIT $limit
DETACH DELETE f
RETURN count(f) AS deleted
