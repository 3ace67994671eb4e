// All patterns that lie on a part of a graph's category do so beyond chance
MATCH (part:Part {category: $category})<-[l:LIES_ON]-(:Pattern)
SET l.by_chance = l.share / 2
