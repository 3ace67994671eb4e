// :name nodes
// Some nodes of a label
UNWIND $ids AS id
MATCH (n:__label__ {id: id})
RETURN properties(n) AS properties;

// :name relationships
// The relationships of a type that lead from some nodes, to any node or to one of a few others
UNWIND $ids AS id
MATCH (source:__source__ {id: id})-[e:__type__]->(target:__target__)
WHERE $others IS NULL OR target.id IN $others
RETURN source.id AS source, target.id AS target, properties(e) AS properties;

// :name objects
// The objects of a graph: those it was mined from, those on which its patterns fire, those of its And-Or graphs
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(o:Object)
RETURN o.id AS id
  UNION
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(:Pattern)-[:FIRES_ON]->(o:Object)
RETURN o.id AS id
  UNION
MATCH (:ExplanatoryGraph {id: $graph})<-[:BUILT_FROM]-(:AndOrGraph)-[:LEARNT_FROM|FOUND_ON]->(o:Object)
RETURN o.id AS id;

// :name parts
// The parts of a category
MATCH (a:Part {category: $category})
RETURN a.id AS id
ORDER BY id;

// :name and_or_graphs
// The And-Or graphs that were built from a graph, with their templates and edits
MATCH (a:AndOrGraph)-[:BUILT_FROM]->(:ExplanatoryGraph {id: $graph})
MATCH (a)-[:HAS_TEMPLATE]->(t:Template)
WITH a, t.id AS template
ORDER BY template
WITH a, collect(template) AS templates
OPTIONAL MATCH (e:Edit)-[:CHANGED]->(a)
WITH a.id AS id, templates, e.id AS edit
ORDER BY edit
RETURN id, templates, collect(edit) AS edits
ORDER BY id;

// :name and_or_graph
// An And-Or graph, to export by itself
MATCH (a:AndOrGraph {id: $aog})-[:BUILT_FROM]->(g:ExplanatoryGraph)
RETURN g.id AS graph, a.category + '/' + a.part AS part;

// :name and_or_graph_patterns
// The patterns of an And-Or graph
MATCH (a:AndOrGraph {id: $aog})-[:HAS_TEMPLATE]->(:Template)-[:COMPOSED_OF]->(p:Pattern)
RETURN DISTINCT p.layer AS layer, p.filter AS filter, p.number AS number
ORDER BY layer, filter, number;

// :name and_or_graph_objects
// The objects of an And-Or graph
MATCH (a:AndOrGraph {id: $aog})-[:LEARNT_FROM|FOUND_ON]->(o:Object)
RETURN DISTINCT o.id AS id;
