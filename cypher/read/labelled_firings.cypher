// Whether a graph's patterns were inferred on objects that show a part
MATCH (:Part {id: $category + '/' + $part})<-[:SHOWS]-(o:Object)<-[:FIRES_ON]-(p:Pattern)
WHERE p.id STARTS WITH $graph + '/'
RETURN o.id AS object
LIMIT 1
