"""What a network's activation on an object is made of."""
