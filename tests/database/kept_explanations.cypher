// The explanations that a graph made, each with what its patterns add
MATCH (e:Explanation {graph: $graph})
OPTIONAL MATCH (e)-[a:ATTRIBUTES_TO]->(p:Pattern)
WITH e, collect([p.id, a.pro, a.contra]) AS patterns
RETURN e.id AS id, properties(e) AS explanation, patterns
ORDER BY id
