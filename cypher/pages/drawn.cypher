// Some patterns and what fires together among them, to draw
MATCH (p:Pattern)
WHERE p.id IN $patterns
OPTIONAL MATCH (p)-[c:CO_ACTIVATES_WITH]-(q:Pattern)
WHERE q.id IN $patterns
RETURN p, c, q
