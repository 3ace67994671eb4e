// Which patterns fire together on a part?
//
// The patterns whose inferred place falls into the boxes that a person drew, and which of them fire together. A row is
// a pattern and a partner in the layer above that is on the part too; a pattern that has no partner there, above or
// below, stands alone at the end. on_part: share of the labelled objects where it fires on which the pattern is inside
// a box; by_chance: the control of on_part, the same share for a place drawn at random on the objects. score: mean
// evidence over all objects. strength: correlation of the two scores over the objects. lift: how often they fire
// together, divided by how often they would by chance. photos: number of objects on which both fire. dx, dy: how far
// the pattern stands to the right of and below its partner, in fractions of the object; sigma: standard deviation of
// this displacement.
//
// :param category: category, required. The kind of object.
// :param part: part, required. The part's name.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer, with their partners in the layer above.
// :param share: number = 0.5. Smallest share of the labelled objects where it fires on which a pattern is on the part.
// :param limit: integer = 100. The largest number of rows.
// :returns pattern, layer, filter, on_part, by_chance, score, partner, partner_layer, partner_filter, strength, lift,
//   photos, dx, dy, sigma
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[c:COVERS]->(:Part {id: $category + '/' + $part})
WITH g.id + '/' + $part AS of, c.by_chance AS by_chance
MATCH (p:Pattern)-[l:LIES_ON {of: of}]->(:Part)
WHERE l.share >= $share
OPTIONAL MATCH (p)-[c:CO_ACTIVATES_WITH]->(partner:Pattern)-[m:LIES_ON {of: of}]->(:Part)
WHERE m.share >= $share
WITH of, by_chance, p, l.share AS on_part, c, partner
WHERE
  ($layer IS NULL OR p.layer = $layer) AND
  (partner IS NOT NULL OR
    NOT EXISTS {
      MATCH (p)<-[:CO_ACTIVATES_WITH]-(:Pattern)-[n:LIES_ON {of: of}]->(:Part)
      WHERE n.share >= $share
    })
// The first of them alone are looked at further.
WITH
  p,
  on_part,
  by_chance,
  c,
  partner,
  p.id AS pattern,
  p.score AS score,
  c.strength AS strength,
  partner.id AS partner_id
ORDER BY partner_id IS NULL, on_part DESC, score DESC, pattern, strength DESC, partner_id
LIMIT $limit
// The embedded database takes a null node for an unbound one, hence the comparison of ids.
OPTIONAL MATCH (p)-[d:DISPLACED_FROM]->(above:Pattern)
WHERE above.id = partner.id
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  on_part,
  by_chance,
  p.score AS score,
  partner.id AS partner,
  partner.layer AS partner_layer,
  partner.filter AS partner_filter,
  c.strength AS strength,
  c.lift AS lift,
  c.support AS photos,
  d.dx AS dx,
  d.dy AS dy,
  d.sigma AS sigma
ORDER BY partner IS NULL, on_part DESC, score DESC, pattern, strength DESC, partner
LIMIT $limit
