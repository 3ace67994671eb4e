// The properties of every label and every type of relationship, each with one of its values
MATCH (n)
UNWIND keys(n) AS property
RETURN labels(n)[0] AS element, property, collect(n[property])[0] AS value
  UNION
MATCH ()-[r]->()
UNWIND keys(r) AS property
RETURN type(r) AS element, property, collect(r[property])[0] AS value
