// The ids of the strongest patterns of one layer of a graph, with how many partners each has
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(p:Pattern {layer: $layer})
WITH p.id AS id, p.score AS score
ORDER BY score DESC, id
LIMIT $limit
RETURN id
