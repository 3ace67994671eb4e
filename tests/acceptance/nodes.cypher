// How many nodes of each label the database holds
MATCH (n)
RETURN labels(n)[0] AS kind, count(*) AS number
ORDER BY kind
