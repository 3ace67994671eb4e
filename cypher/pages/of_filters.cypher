// The ids of the patterns that one graph separated from some filters, those with most evidence first
UNWIND $filters AS filter
MATCH (:Filter {id: filter})<-[:SEPARATED_FROM]-(p:Pattern)
WHERE p.graph = $graph
WITH filter, p.id AS id, p.score AS score
RETURN filter, id
ORDER BY filter, score DESC, id
