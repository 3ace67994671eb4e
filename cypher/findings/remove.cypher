// Remove the findings of an earlier diagnosis of a layer
MATCH (f:Finding {graph: $graph, layer: $layer})
DETACH DELETE f
