// What one graph has, counted in the database
//
// The test of `row` is true of every object; without it the embedded database counts patterns as objects too.
MATCH (g:ExplanatoryGraph {id: $graph})
OPTIONAL MATCH (g)<-[r:IN_GRAPH]-(o:Object)
WHERE r.row >= 0
WITH g, count(o.id) AS objects
OPTIONAL MATCH (g)<-[:IN_GRAPH]-(p:Pattern)
OPTIONAL MATCH (p)-[e]->()
RETURN
  objects,
  count(DISTINCT p) AS patterns,
  sum(
    CASE
      WHEN type(e) = 'CO_ACTIVATES_WITH' THEN 1
      ELSE 0
    END) AS co_activations,
  sum(
    CASE
      WHEN type(e) = 'DISPLACED_FROM' THEN 1
      ELSE 0
    END) AS displacements,
  sum(
    CASE
      WHEN type(e) = 'FIRES_ON' THEN 1
      ELSE 0
    END) AS firings,
  sum(
    CASE
      WHEN type(e) = 'SEPARATED_FROM' THEN 1
      ELSE 0
    END) AS filters,
  sum(
    CASE
      WHEN type(e) = 'IN_GRAPH' THEN 1
      ELSE 0
    END) AS graphs
