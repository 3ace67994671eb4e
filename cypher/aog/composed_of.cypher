// The patterns of one template of an And-Or graph
//
// weight, mean_evidence: of the pattern's vote. dx, dy: of the part from where the pattern stands, and sigma its
// deviation; response_dx, response_dy: of where its filter responds from there; all in fractions of the object in the
// canonical view. share: its mean share in the votes on the template's objects.
MATCH (t:Template {id: $template})
UNWIND range(0, size($pattern) - 1) AS i
MATCH (p:Pattern {id: $pattern[i]})
CREATE
  (t)-
    [:COMPOSED_OF {
        dx: $dx[i],
        dy: $dy[i],
        sigma: $sigma[i],
        response_dx: $response_dx[i],
        response_dy: $response_dy[i],
        weight: $weight[i],
        mean_evidence: $mean_evidence[i],
        share: $share[i]
      }]->
  (p)
RETURN count(*) AS rows
