// Delete a network and its layers, whose filters are gone, where no graph of it is there
MATCH (n:Network {id: $network})
SET n.held = coalesce(n.held, 0) + 1
WITH n
WHERE
  NOT EXISTS {
    MATCH (g:ExplanatoryGraph)
    WHERE g.network = n.id
  }
OPTIONAL MATCH (l:Layer)-[:IN_NETWORK]->(n)
WITH n, collect(l) AS layers
FOREACH (l IN layers |
  DETACH DELETE l
)
DETACH DELETE n
RETURN size(layers) AS layers
