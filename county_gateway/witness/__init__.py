"""A witness: a second body that remembers how far it saw a log and signs only what goes on from there."""
