// Note that a batch was written, as the last statement of its transaction
//
// The first SET takes the graph's lock, so that of two writers of one batch the second finds no match.
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.state = 'writing'
WITH g
WHERE g[$lane] = $before
SET g += $after
RETURN count(g) AS marked
