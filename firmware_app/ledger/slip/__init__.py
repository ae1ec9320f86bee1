"""The slip: a claim small enough for paper, and its picture."""
