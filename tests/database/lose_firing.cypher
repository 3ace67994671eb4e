// Lose one firing
MATCH (p:Pattern {id: $pattern})-[f:FIRES_ON]->(:Object)
WITH f LIMIT 1
DELETE f
