// Where some photos are now
UNWIND range(0, size($sha256) - 1) AS i
WITH $sha256[i] AS sha256, $path[i] AS path, left($sha256[i], 12) + '#' AS begins
MATCH (o:Object)
WHERE o.id STARTS WITH begins AND o.sha256 = sha256 AND o.path <> path
SET o.path = path
RETURN count(o) AS moved
