// What the edges say of a layer, for a graph that an earlier egraph wrote
MATCH (:ExplanatoryGraph {id: $graph})-[r:READS]->(:Layer {id: $layer})
SET r += $summary
