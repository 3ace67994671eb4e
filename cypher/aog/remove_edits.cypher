// Forget the changes to an And-Or graph behind one of them
MATCH (e:Edit)-[:CHANGED]->(:AndOrGraph {id: $id})
WHERE e.number > $number
DETACH DELETE e
