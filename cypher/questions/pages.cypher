// Where are the pages of a part's patterns?
//
// The addresses of pages, which Neo4j Browser shows as links: of the patterns that lie on a part, the surest first. They
// open while `egraph browse` runs at that port, in a browser that has once opened the address that it printed. name: the
// one that a person gave the pattern. on_part, by_chance: as `strongest-patterns` has them.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param port: integer = 7480. The port at which `egraph browse` listens.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, name, on_part, by_chance, address
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[:COVERS]->(:Part {id: $category + '/' + $part})
MATCH (p:Pattern)-[l:LIES_ON {of: g.id + '/' + $part}]->(:Part)
WITH p, p.id AS pattern, l.share AS on_part, l.by_chance AS by_chance
ORDER BY on_part DESC, pattern
LIMIT $limit
RETURN
  pattern,
  p.own_name AS name,
  on_part,
  by_chance,
  replace('http://127.0.0.1:' + toString($port) + '/pattern/' + pattern, ' ', '%20') AS address
ORDER BY on_part DESC, pattern
