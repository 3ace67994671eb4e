// What graphs know of where a part is, is no longer so
//
// The first SET takes the part's lock, so that nobody sums up what is just being changed.
MATCH (part:Part {id: $category + '/' + $part})
SET part.category = $category
WITH part
MATCH (part)<-[c:COVERS]-(:ExplanatoryGraph)
DELETE c
