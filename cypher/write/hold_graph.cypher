// Take a graph's lock, where the graph still is in one of some states and of the content that is meant
//
// What is looked at behind the first SET is so until the commit.
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state IN $states AND g.content = $content
RETURN g.state AS state
