// Note which of a graph's patterns lie on a part most surely: those beyond chance first
//
// Pages begin with these; they need not go through all that lie on it.
MATCH (:ExplanatoryGraph {id: $graph})-[c:COVERS]->(:Part {id: $category + '/' + $part})
MATCH ()-[l:LIES_ON {of: $graph + '/' + $part}]->()
WITH c, l, l.share > l.by_chance AS beyond, l.share AS share, l.score AS score
ORDER BY beyond DESC, share DESC, score DESC
LIMIT $limit
WITH c, startNode(l) AS p, beyond, share, score
WITH c, p.id AS id, beyond, share, score
ORDER BY beyond DESC, share DESC, score DESC, id
WITH c, collect(substring(id, size($graph) + 1)) AS surest
SET c.surest = surest
