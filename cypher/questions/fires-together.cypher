// Which patterns fire together on a part?
//
// The patterns that lie on a part, and which of them fire together. A row is a pattern and a partner in the layer above
// that is on the part too; pairs come first, those whose weaker one lies on the part most surely. A pattern that has no
// partner there, above or below, stands alone at the end. on_part: of the objects on which the pattern fires, the share
// on which it is expected inside the box of the part; fires_on_part: the share on which the unit is inside at which it
// fires. Both are lower bounds (95 %), over objects: those that a person labelled, and those on which an And-Or graph
// surely found the part. by_chance: the control of on_part, what the best of all patterns would reach if all stood at
// random places. score: mean evidence over all objects. strength: correlation of the two scores over the objects. lift:
// how often they fire together, divided by how often they would by chance. photos: number of objects on which both
// fire. dx, dy: how far the pattern stands to the right of and below its partner, in fractions of the object; sigma:
// standard deviation of this displacement.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer, with their partners in the layer above.
// :param share: number, optional. Smallest share (on_part) of a pattern on the part; without it, more than by_chance.
// :param allowance: number = 0. How far below by_chance a share may be, where no share is given.
// :param limit: integer = 100. The largest number of rows.
// :returns pattern, layer, filter, on_part, fires_on_part, objects, by_chance, score, partner, partner_layer,
//   partner_filter, partner_on_part, strength, lift, photos, dx, dy, sigma
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[:COVERS]->(:Part {id: $category + '/' + $part})
WITH g.id + '/' + $part AS of
MATCH (p:Pattern)-[l:LIES_ON {of: of}]->(:Part)
WHERE coalesce(l.share >= $share, l.share > l.by_chance - $allowance)
OPTIONAL MATCH (p)-[c:CO_ACTIVATES_WITH]->(partner:Pattern)-[m:LIES_ON {of: of}]->(:Part)
WHERE coalesce(m.share >= $share, m.share > m.by_chance - $allowance)
WITH of, p, l, c, partner, m
WHERE
  ($layer IS NULL OR p.layer = $layer) AND
  (partner IS NOT NULL OR
    NOT EXISTS {
      MATCH (p)<-[:CO_ACTIVATES_WITH]-(:Pattern)-[n:LIES_ON {of: of}]->(:Part)
      WHERE coalesce(n.share >= $share, n.share > n.by_chance - $allowance)
    })
// The first of them alone are looked at further.
WITH
  p,
  l,
  c,
  partner,
  p.id AS pattern,
  p.score AS score,
  c.strength AS strength,
  partner.id AS partner_id,
  m.share AS partner_on_part,
  CASE
    WHEN m.share < l.share THEN m.share
    ELSE l.share
  END AS both_on_part
ORDER BY partner_id IS NULL, both_on_part DESC, score DESC, pattern, strength DESC, partner_id
LIMIT $limit
// The embedded database takes a null node for an unbound one, hence the comparison of ids.
OPTIONAL MATCH (p)-[d:DISPLACED_FROM]->(above:Pattern)
WHERE above.id = partner_id
RETURN
  pattern,
  p.layer AS layer,
  p.filter AS filter,
  l.share AS on_part,
  l.fires_share AS fires_on_part,
  l.objects AS objects,
  l.by_chance AS by_chance,
  score,
  partner_id AS partner,
  partner.layer AS partner_layer,
  partner.filter AS partner_filter,
  partner_on_part,
  strength,
  c.lift AS lift,
  c.support AS photos,
  d.dx AS dx,
  d.dy AS dy,
  d.sigma AS sigma
ORDER BY partner IS NULL, both_on_part DESC, score DESC, pattern, strength DESC, partner
LIMIT $limit
