// What one graph has, counted in the database: for each type of relationship, the patterns that it leaves, and how often
//
// The test of `row` is true of every object; without it the embedded database counts patterns as objects too.
MATCH (g:ExplanatoryGraph {id: $graph})
OPTIONAL MATCH (g)<-[r:IN_GRAPH]-(o:Object)
WHERE r.row >= 0
WITH g, count(o.id) AS objects
OPTIONAL MATCH (g)<-[:IN_GRAPH]-(p:Pattern)
OPTIONAL MATCH (p)-[e]->()
RETURN objects, type(e) AS type, count(DISTINCT p) AS patterns, count(e) AS relationships
