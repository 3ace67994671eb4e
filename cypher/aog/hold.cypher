// Take an And-Or graph's lock, where it was learnt from this content of its graph
MATCH (a:AndOrGraph {id: $id})
SET a.held = coalesce(a.held, 0) + 1
WITH a
WHERE a.content = $content
RETURN a.id AS id
