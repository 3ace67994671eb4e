// How many relationships of each type the database holds
MATCH ()-[r]->()
RETURN type(r) AS kind, count(*) AS number
ORDER BY kind
