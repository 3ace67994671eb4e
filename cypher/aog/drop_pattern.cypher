// Take a pattern out of a template of an And-Or graph
MATCH (:Template {id: $template})-[c:COMPOSED_OF]->(:Pattern {id: $pattern})
DELETE c
RETURN count(*) AS dropped
