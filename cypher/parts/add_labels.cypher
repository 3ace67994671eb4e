// Boxes of one part that a person drew on objects
MERGE (p:Part {id: $category + '/' + $part})
  ON CREATE SET p.name = $part, p.category = $category
WITH p
UNWIND range(0, size($object) - 1) AS i
MATCH (o:Object {id: $object[i]})
MERGE (o)-[:SHOWS {box: $box[i]}]->(p)
RETURN count(*) AS rows
