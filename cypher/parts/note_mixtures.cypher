// Note which filters of a graph mix parts, and on which counts that rests
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.mixtures = $mixtures
WITH g
MATCH (g)-[c:COVERS]->(:Part)
SET c.mixed = true
