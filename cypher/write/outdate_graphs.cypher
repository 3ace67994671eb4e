// Graphs that an older egraph mined are there to be listed and removed, no more
MATCH (g:ExplanatoryGraph {state: 'complete'})
WHERE coalesce(g.format, 1) < $format
SET g.state = 'outdated'
