// The ids of a graph's patterns on a part, those that lie on it most surely first: those that do beyond chance, or any
MATCH (p:Pattern)-[l:LIES_ON {of: $of}]->(:Part)
WHERE $any OR l.share >= l.by_chance
WITH p.id AS id, l.share AS share, l.objects AS objects, p.score AS score
ORDER BY share DESC, score DESC, id
LIMIT $limit
RETURN id, share, objects
