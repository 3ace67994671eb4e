// What is the activation of one filter made of?
//
// A row for each pattern of the filter, the one that explains most first, then a row for what no pattern explains on the
// object, and one for what lies beside the object. The shares of all rows add up to one. what: `pattern`, `scattered
// over the object` or `beside the object`. share: of the filter's activation on photos of the objects with a quarter of
// their size around them. reach: standard deviation, about the pattern's place, of what it explains. x, y: mean place;
// both in fractions of the object. background: the filter's mean activation beside the object divided by the mean about
// the pattern's place. support: number of objects on which it fires. What was mined without --explaining has no shares.
//
// :param category: category, required. The kind of object.
// :param layer: layer, required. The filter's layer.
// :param filter: integer, required. The filter's number in its layer, from 0.
// :param graph: graph, optional. The graph's name, where the category has several.
// :returns what, pattern, share, x, y, reach, background, support
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (g)-[r:READS]->(l:Layer {name: $layer})
WHERE $filter < size(r.filter_mean)
OPTIONAL MATCH (:Filter {id: l.id + '/' + toString($filter)})<-[:SEPARATED_FROM]-(p:Pattern {graph: g.id})
WITH g, r, collect({rank: 0, what: 'pattern', pattern: p, share: p.share}) AS patterns
WITH
  patterns +
  [
    {rank: 1, what: 'scattered over the object', share: r.filter_scattered[$filter]},
    {rank: 2, what: 'beside the object', share: r.filter_beside[$filter]}
  ] AS found
UNWIND found AS one
WITH one.rank AS rank, one.what AS what, one.pattern AS p, one.share AS share
WHERE rank > 0 OR p IS NOT NULL
RETURN
  what,
  p.id AS pattern,
  share,
  p.x AS x,
  p.y AS y,
  p.reach AS reach,
  p.background AS background,
  p.support AS support
ORDER BY rank, share DESC, pattern
