// Between which labels the relationships of every type are
MATCH (a)-[r]->(b)
RETURN DISTINCT type(r) AS type, labels(a)[0] AS source, labels(b)[0] AS target
