// The patterns of one layer that resemble one of another graph: separated from the same filter, at a similar place
UNWIND range(0, size($pattern) - 1) AS i
MATCH (p:Pattern {id: $prefix + $pattern[i]})
MATCH (q:Pattern {id: $other_prefix + $other[i]})
CREATE (p)-[:RESEMBLES {of: $of, turned: $turned, layer: $layer, distance: $distance[i], by_chance: $by_chance[i]}]->(q)
RETURN count(*) AS rows
