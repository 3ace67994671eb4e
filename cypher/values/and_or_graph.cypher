// The names of the And-Or graphs of a part, or of all parts of a category
MATCH (p:Part {category: $category})<-[:FOR_PART]-(a:AndOrGraph)
WHERE $part IS NULL OR p.name = $part
RETURN DISTINCT a.name AS value
ORDER BY value
