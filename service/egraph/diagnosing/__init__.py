"""What is wrong with a network: findings, each with its figure, its control, and what happened when it was tested."""
