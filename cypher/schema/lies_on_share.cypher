// The patterns of a graph that lie on a part are found by how often they do
CREATE INDEX lies_on_share IF NOT EXISTS
FOR ()-[l:LIES_ON]-()
ON (l.of, l.share)
