// Where the patterns of a graph are, layer by layer
//
// The anchors of two graphs have no filter in common; their layer only bears the same name.
MATCH (g:ExplanatoryGraph {id: $graph})-[r:READS]->(l:Layer)
WHERE r.template_size = 0
WITH g, collect(l.name) AS layers
MATCH (g)<-[:IN_GRAPH]-(p:Pattern)
WHERE p.layer IN layers
RETURN p.layer AS layer, collect(p.filter) AS filter, collect(p.number) AS number, collect(p.x) AS x, collect(p.y) AS y
