// The ids of the patterns that one graph separated from one filter, the one with most evidence first
MATCH (:Filter {id: $filter})<-[:SEPARATED_FROM]-(p:Pattern)
WHERE p.graph = $graph
WITH p.id AS id, p.score AS score
RETURN id
ORDER BY score DESC, id
