// Which patterns decided wrongly most often?
//
// Of the explanations that `egraph explain --keep --instead-of` stored of wrong answers (the class that the network
// predicted, instead of the right one), the patterns that spoke for the wrong class most often. for_wrong: on how many
// of these answers; wrong: how many there are. mean: what the pattern adds on average to how far the wrong class is
// ahead of the right one. right: the control, what it adds on average to the class on the stored answers that are not
// told apart from another one, of which there are others; none where there are no such answers.
//
// :param category: category, required. The kind of object.
// :param graph: graph, optional. The graph's name, where the category has several.
// :param layer: layer, optional. Only patterns of this layer.
// :param limit: integer = 50. The largest number of rows.
// :returns pattern, layer, filter, for_wrong, wrong, mean, right, others
MATCH (g:ExplanatoryGraph {category: $category, state: 'complete'})
WHERE $graph IS NULL OR $graph IN [g.id, g.name]
MATCH (e:Explanation {graph: g.id})
WITH
  g.id AS graph,
  count(
    CASE
      WHEN e.instead_of IS NOT NULL AND e.class = e.predicted THEN 1
    END) AS wrong,
  count(
    CASE
      WHEN e.instead_of IS NULL THEN 1
    END) AS others
WHERE wrong > 0
MATCH (e:Explanation {graph: graph})-[a:ATTRIBUTES_TO]->(p:Pattern)
WHERE $layer IS NULL OR p.layer = $layer
WITH
  wrong,
  others,
  p,
  a.pro + a.contra AS net,
  e.instead_of IS NOT NULL AND e.class = e.predicted AS is_wrong,
  e.instead_of IS NULL AS is_other
WITH
  wrong,
  others,
  p,
  count(
    CASE
      WHEN is_wrong AND net > 0 THEN 1
    END) AS for_wrong,
  sum(
    CASE
      WHEN is_wrong THEN net
      ELSE 0.0
    END) AS towards_wrong,
  sum(
    CASE
      WHEN is_other THEN net
      ELSE 0.0
    END) AS towards_right
WHERE for_wrong > 0
RETURN
  p.id AS pattern,
  p.layer AS layer,
  p.filter AS filter,
  for_wrong,
  wrong,
  towards_wrong / wrong AS mean,
  CASE
    WHEN others > 0 THEN towards_right / others
    ELSE null
  END AS right,
  others
ORDER BY for_wrong DESC, mean DESC, pattern
LIMIT $limit
