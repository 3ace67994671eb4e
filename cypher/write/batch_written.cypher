// Note that a batch was written, as the last statement of its transaction
//
// The first SET takes the graph's lock: of two writers of one batch the second finds no match, and of a graph that is
// being removed nothing more is written.
MATCH (g:ExplanatoryGraph {id: $graph})
SET g.held = coalesce(g.held, 0) + 1
WITH g
WHERE g.state = 'writing' AND g.content = $content AND g[$lane] = $before
SET g += $after
RETURN count(g) AS marked
