// Delete some patterns of a graph with all their edges
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(p:Pattern)
WITH p
LIMIT $limit
DETACH DELETE p
RETURN count(p) AS deleted
