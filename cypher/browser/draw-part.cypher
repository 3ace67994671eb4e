// Draw the patterns of a part
//
// Of the patterns that lie on the part most often, those that fire together. An orange arrow leads from the lower pattern
// to the upper one and bears the number of photos on which both fire. address: the part's page, in `egraph browse`.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param share: number, optional. Smallest share (on_part) of a pattern on the part; without it, by_chance.
// :param port: integer = 7480. The port at which `egraph browse` listens.
// :param limit: integer = 50. Draw at most so many patterns.
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[:COVERS]->(:Part {id: $category + '/' + $part})
MATCH (p:Pattern)-[l:LIES_ON {of: g.id + '/' + $part}]->(:Part)
// With few labels nothing lies there more often than chance may have it.
WHERE coalesce(l.share >= $share, l.share > l.by_chance - 1e-8)
WITH g, p, l.share AS on_part, p.score AS score, p.id AS id
ORDER BY on_part DESC, score DESC, id
LIMIT $limit
WITH g, collect(p) AS found, collect(id) AS ids
UNWIND found AS p
MATCH together = (p)-[:CO_ACTIVATES_WITH]->(q:Pattern)
WHERE q.id IN ids
RETURN together, replace('http://127.0.0.1:' + toString($port) + '/part/' + g.id + '/' + $part, ' ', '%20') AS address
