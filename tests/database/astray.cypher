// What belongs to nothing: patterns of no graph, templates of no And-Or graph, objects that nothing needs, and sums that
// are not what is summed up
OPTIONAL MATCH (p:Pattern)
WHERE p.id CONTAINS $category AND NOT EXISTS { (p)-[:IN_GRAPH]->(:ExplanatoryGraph) }
WITH count(p) AS patterns
OPTIONAL MATCH (t:Template)
WHERE t.id CONTAINS $category AND NOT EXISTS { (t)<-[:HAS_TEMPLATE]-(:AndOrGraph) }
WITH patterns, count(t) AS templates
OPTIONAL MATCH (o:Object)
WHERE o.id IN $objects AND NOT EXISTS { (o)--() }
RETURN patterns, templates, count(o) AS objects
