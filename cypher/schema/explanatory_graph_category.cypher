// Graphs are found by their category
CREATE INDEX explanatory_graph_category IF NOT EXISTS
FOR (n:ExplanatoryGraph)
ON (n.category)
