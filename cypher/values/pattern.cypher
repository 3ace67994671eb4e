// The pattern of this id, or those of complete graphs whose ids end alike
MATCH (p:Pattern {id: $value})-[:IN_GRAPH]->(:ExplanatoryGraph {state: 'complete'})
RETURN p.id AS value
