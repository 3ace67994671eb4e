// Where patterns lie on a part, counted over labelled and found objects
MATCH (part:Part {id: $category + '/' + $part})
UNWIND range(0, size($pattern) - 1) AS i
MATCH (p:Pattern {id: $graph + '/' + $pattern[i]})
CREATE
  (p)-
    [:LIES_ON {
        of: $graph + '/' + $part,
        layer: p.layer,
        filter: p.filter,
        share: $share[i],
        fires_share: $fires_share[i],
        by_chance: $by_chance[i],
        objects: $objects[i],
        labelled: $labelled[i],
        score: $score[i]
      }]->
  (part)
RETURN count(*) AS rows
