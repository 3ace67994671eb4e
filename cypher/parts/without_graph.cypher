// The photos of labelled objects that no complete graph of the part's category was mined from
MATCH (p:Part)<-[:SHOWS]-(o:Object)
OPTIONAL MATCH (o)-[:IN_GRAPH]->(g:ExplanatoryGraph)
WITH
  p.category AS category,
  p.name AS part,
  o.path AS path,
  o.id AS object,
  count(
    CASE
      WHEN g.category = p.category AND g.state = 'complete' THEN g.id
    END) AS graphs
WHERE graphs = 0
RETURN category, part, path
ORDER BY category, part, path, object
