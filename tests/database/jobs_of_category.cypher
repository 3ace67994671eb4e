// Delete the jobs of a category
MATCH (j:Job {category: $category})
DETACH DELETE j
