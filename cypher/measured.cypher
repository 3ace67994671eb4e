// :name read
// What was measured of a graph and kept with it
MATCH (g:ExplanatoryGraph {id: $graph})
RETURN g.figures AS figures;

// :name keep
// Keep what was measured of a graph with it
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.figures = $figures;
