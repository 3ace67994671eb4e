// The parts of a category that a person labelled
MATCH (p:Part {category: $category})<-[:SHOWS]-(:Object)
RETURN DISTINCT p.name AS value
ORDER BY value
