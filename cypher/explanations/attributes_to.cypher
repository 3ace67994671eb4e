// What patterns add to the score that an explanation is of
MATCH (e:Explanation {id: $id})
UNWIND range(0, size($pattern) - 1) AS i
MATCH (p:Pattern {id: $pattern[i]})
CREATE (e)-[:ATTRIBUTES_TO {pro: $pro[i], contra: $contra[i]}]->(p)
RETURN count(*) AS rows
