// The parts of a graph's category, or one of them, to export
MATCH (a:Part {category: $category})
WHERE $part IS NULL OR a.name = $part
RETURN properties(a) AS properties
ORDER BY a.id
