"""A witness: a second body that remembers how far it has seen a log, and signs only what goes on from there."""
