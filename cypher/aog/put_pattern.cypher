// What a template says of a pattern, which it may have or not
MATCH (t:Template {id: $template})
MATCH (p:Pattern {id: $pattern})
MERGE (t)-[c:COMPOSED_OF]->(p)
SET c = $properties
RETURN count(*) AS rows
