// What patterns of one graph resemble in another one is found by the two graphs
CREATE INDEX resembles_of IF NOT EXISTS
FOR ()-[r:RESEMBLES]-()
ON (r.of)
