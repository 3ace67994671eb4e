"""What is looked at: objects in photos, and the boxes of their parts."""
