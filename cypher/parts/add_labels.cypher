// Boxes of one part that a person drew on objects
//
// And-Or graphs of the part outlive its removal; they find it again.
MERGE (p:Part {id: $category + '/' + $part})
  ON CREATE SET p.name = $part, p.category = $category
WITH p
UNWIND range(0, size($object) - 1) AS i
MATCH (o:Object {id: $object[i]})
MERGE (o)-[s:SHOWS {box: $box[i]}]->(p)
WITH DISTINCT p
MATCH (a:AndOrGraph {category: $category, part: $part})
MERGE (a)-[:FOR_PART]->(p)
