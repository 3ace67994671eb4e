// Make a graph look like one that an older egraph mined, in a database that only such a one has opened
MATCH (g:ExplanatoryGraph {id: $graph})
REMOVE g.format
WITH g
MATCH (s:Schema)
SET s.version = 5
RETURN count(g) AS old
