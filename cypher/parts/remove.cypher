// Remove a part with all its boxes
MATCH (p:Part {id: $category + '/' + $part})
OPTIONAL MATCH (p)<-[s:SHOWS]-(o:Object)
WITH p, count(s) AS boxes, collect(DISTINCT o.id) AS objects
DETACH DELETE p
RETURN boxes, objects
