// Delete some of where a graph's patterns lie on a part
MATCH (:Pattern)-[l:LIES_ON {of: $graph + '/' + $part}]->(:Part)
WITH l
LIMIT $limit
DELETE l
RETURN count(l) AS deleted
