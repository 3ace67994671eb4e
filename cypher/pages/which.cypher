// Which patterns and filters there are of some ids, and of which graphs
UNWIND $patterns AS id
MATCH (p:Pattern {id: id})
RETURN 'pattern' AS kind, id, p.graph AS graph
  UNION
UNWIND $filters AS id
MATCH (:Filter {id: id})<-[:SEPARATED_FROM]-(p:Pattern)
WHERE p.graph IN $graphs
RETURN 'filter' AS kind, id, p.graph AS graph
