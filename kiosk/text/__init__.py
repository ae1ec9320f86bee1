"""Text on the screen: where lines may break, which font draws which character, and the labels that draw it."""
