// The edges of one type between two layers, for each filter of the lower layer
MATCH (:ExplanatoryGraph {id: $graph})<-[:IN_GRAPH]-(lower:Pattern {layer: $lower})
MATCH (lower)-[e:__type__]->(upper:Pattern {layer: $upper})
WITH lower.filter AS filter, [lower.filter, lower.number, upper.filter, upper.number] AS ends, e
RETURN filter, collect(ends + [name IN $columns | e[name]]) AS edges
