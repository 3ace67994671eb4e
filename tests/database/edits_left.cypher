// How many edits there are of And-Or graphs of a graph
MATCH (e:Edit)
WHERE e.pattern STARTS WITH $graph
RETURN count(*) AS edits
