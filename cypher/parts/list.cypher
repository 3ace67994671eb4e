// The parts that a person labelled, with their objects and boxes
MATCH (p:Part)
OPTIONAL MATCH (p)<-[s:SHOWS]-(o:Object)
RETURN p.category AS category, p.name AS part, count(DISTINCT o) AS objects, count(s) AS boxes
ORDER BY category, part
