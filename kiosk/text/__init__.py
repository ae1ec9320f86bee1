"""Text on the screen: where lines may break, which font draws what, and the labels that draw it."""
