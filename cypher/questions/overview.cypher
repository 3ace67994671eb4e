// What does this database hold?
//
// One row for each complete graph: its category, name and network, how many photos it was mined from, its layers from
// the input up, how many patterns it has, and the parts of the category that a person labelled.
//
// :returns category, graph, network, images, layers, patterns, parts, created_at, id
MATCH (g:ExplanatoryGraph {state: 'complete'})
OPTIONAL MATCH (g)-[r:READS]->(l:Layer)
WITH g, r.position AS position, l.name AS layer
ORDER BY g.id, position
WITH g, collect(layer) AS layers
OPTIONAL MATCH (part:Part {category: g.category})<-[:SHOWS]-(:Object)
WITH g, layers, part.name AS part
ORDER BY g.id, part
WITH g, layers, collect(DISTINCT part) AS parts
RETURN
  g.category AS category,
  g.name AS graph,
  g.network AS network,
  g.images AS images,
  layers,
  g.patterns AS patterns,
  parts,
  g.created_at AS created_at,
  g.id AS id
ORDER BY id
