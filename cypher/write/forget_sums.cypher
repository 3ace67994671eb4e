// What an earlier egraph summed up is summed up anew: it may lack some of the sums
MATCH (g:ExplanatoryGraph)
WHERE g.summed
REMOVE g.summed
