// Remove a part with all its boxes
//
// The first SET takes the part's lock, so that nobody adds a box that is not seen here.
MATCH (p:Part {id: $category + '/' + $part})
SET p.held = coalesce(p.held, 0) + 1
WITH p
OPTIONAL MATCH (p)<-[s:SHOWS]-(o:Object)
WITH p, count(s) AS boxes, collect(DISTINCT o.id) AS objects
DETACH DELETE p
RETURN boxes, objects
