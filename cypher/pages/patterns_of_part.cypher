// The ids of a graph's patterns on a part, those that lie on it most surely first: those that do beyond chance, or any
//
// A pattern is looked at only when it is one of the first.
MATCH ()-[l:LIES_ON {of: $of}]->()
WHERE $any OR l.share >= l.by_chance
WITH l, l.share AS share, l.score AS score
ORDER BY share DESC, score DESC
LIMIT $limit
WITH startNode(l) AS p, share, score, l.objects AS objects
WITH p.id AS id, share, score, objects
RETURN id, share, objects
ORDER BY share DESC, score DESC, id
