// Objects that get their first label: all firings of a graph's patterns on them must still be written
//
// On other objects only the strongest are kept. Until then the object does not count where patterns on parts are counted.
UNWIND $object AS id
MATCH (o:Object {id: id})-[r:IN_GRAPH]->(:ExplanatoryGraph {category: $category})
WHERE NOT EXISTS { (o)-[:SHOWS]->(:Part {category: $category}) }
SET r.unplaced = true
