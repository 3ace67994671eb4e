// What graphs know of where a part is, is no longer so
//
// The first SET takes the part's lock, so that nobody sums up what is just being changed. What was counted on objects on
// which an And-Or graph found the part stays where boxes are added: it rests on fewer labels than there are then, and
// answers say so; `all` where that must go too.
MATCH (part:Part {id: $category + '/' + $part})
SET part.held = coalesce(part.held, 0) + 1
WITH part
MATCH (part)<-[c:COVERS]-(:ExplanatoryGraph)
WHERE $all OR c.aog IS NULL
DELETE c
