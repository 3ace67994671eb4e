// And-Or graphs of a part outlive its removal; they find it again
MATCH (p:Part {id: $category + '/' + $part})
MATCH (a:AndOrGraph {category: $category, part: $part})
MERGE (a)-[:FOR_PART]->(p)
