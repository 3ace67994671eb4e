// Draw the And-Or graph of a part
//
// The part, its templates (it looks like one or the other), and their strongest patterns, which vote together for the
// part's place. Click an arrow to a pattern for its share, and for where the part stands from it. address:
// the part's page, in `egraph browse`.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param name: and_or_graph = "default". The And-Or graph's name.
// :param port: integer = 7480. The port at which `egraph browse` listens.
// :param limit: integer = 50. Draw at most so many patterns of templates.
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (a:AndOrGraph {id: g.id + '/' + $part + '/' + $name})
MATCH (a)-[:HAS_TEMPLATE]->(t:Template)-[c:COMPOSED_OF]->(p:Pattern)
WITH a, t, p, c.share AS share, t.number AS number, p.id AS id
ORDER BY share DESC, number, id
LIMIT $limit
MATCH drawn = (:Part)<-[:FOR_PART]-(a)-[:HAS_TEMPLATE]->(t)-[:COMPOSED_OF]->(p)
RETURN drawn, replace('http://127.0.0.1:' + toString($port) + '/part/' + a.graph + '/' + $part, ' ', '%20') AS address
