"""The county's transparency log: what devices delivered, in an order that nobody can change unseen."""
