// How many boxes a part has
MATCH (:Part {id: $category + '/' + $part})<-[s:SHOWS]-(:Object)
RETURN count(s) AS boxes
