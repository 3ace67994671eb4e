// The patterns of one template of an And-Or graph
//
// weight: of the pattern in the appearance. strength: its mean share on the template's objects. dx, dy: of the part from
// the pattern, and sigma its deviation, in fractions of the object in the canonical view.
MATCH (t:Template {id: $template})
UNWIND range(0, size($pattern) - 1) AS i
MATCH (p:Pattern {id: $pattern[i]})
CREATE (t)-[:COMPOSED_OF {dx: $dx[i], dy: $dy[i], sigma: $sigma[i], weight: $weight[i], strength: $strength[i]}]->(p)
RETURN count(*) AS rows
