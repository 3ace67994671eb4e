// A graph's patterns that lie on a part most surely, those that do beyond chance first
MATCH (:ExplanatoryGraph {id: $graph})-[c:COVERS]->(:Part {id: $part})
WHERE c.surest IS NOT NULL
UNWIND range(0, size(c.surest[..$limit]) - 1) AS rank
WITH rank, $graph + '/' + c.surest[rank] AS id
MATCH (:Pattern {id: id})-[l:LIES_ON]->(:Part {id: $part})
RETURN id, l.share AS share, l.by_chance AS by_chance, l.objects AS objects
ORDER BY rank
