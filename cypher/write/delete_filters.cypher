// Delete some filters of a network that no graph is mined from
MATCH (n:Network {id: $network})<-[:IN_NETWORK]-(:Layer)<-[:IN_LAYER]-(f:Filter)
WHERE NOT EXISTS { (f)<-[:SEPARATED_FROM]-(:Pattern) }
WITH f
LIMIT $limit
DETACH DELETE f
RETURN count(f) AS deleted
