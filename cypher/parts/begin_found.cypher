// Begin to write where a graph's patterns lie on a part, as its And-Or graph tells
//
// The first SETs take the locks of the graph and of the part, as whoever sums up over the labels does. Nothing is
// returned where the And-Or graph, its graph or the part is no longer there.
MATCH (g:ExplanatoryGraph {id: $graph, content: $content, state: 'complete'})
SET g.held = coalesce(g.held, 0) + 1
WITH g
MATCH (part:Part {id: $category + '/' + $part})
SET part.held = coalesce(part.held, 0) + 1
WITH g, part
MATCH (:AndOrGraph {id: $aog})-[:BUILT_FROM]->(g)
OPTIONAL MATCH (g)-[c:COVERS]->(part)
DELETE c
WITH DISTINCT g, part
CREATE (g)-[:COVERS {aog: $aog, labelled: $labelled, found: $found, area: $area, patterns: $patterns}]->(part)
RETURN part.name AS part
