// Delete a network and its layers, whose filters are gone
MATCH (n:Network {id: $network})
OPTIONAL MATCH (l:Layer)-[:IN_NETWORK]->(n)
WITH n, collect(l) AS layers
FOREACH (l IN layers |
  DETACH DELETE l
)
DETACH DELETE n
RETURN size(layers) AS layers
