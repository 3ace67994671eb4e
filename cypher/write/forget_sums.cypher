// What an earlier egraph summed up is summed up anew: it may lack some of the sums
//
// So is where patterns lie on parts, as far as that follows from labels alone.
MATCH (g:ExplanatoryGraph)
WHERE g.summed
REMOVE g.summed
WITH g
MATCH (g)-[c:COVERS]->(:Part)
WHERE c.aog IS NULL
DELETE c
