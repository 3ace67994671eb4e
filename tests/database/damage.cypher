// Damage a graph as it is told
MATCH (p:Pattern {id: $pattern})
SET p.score = p.score + 0.25
RETURN count(p) AS found
