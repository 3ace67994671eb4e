// Lose one edge between patterns
MATCH (p:Pattern {id: $pattern})-[e:CO_ACTIVATES_WITH]->(:Pattern)
WITH e LIMIT 1
DELETE e
