"""`steelyard visit`: any procedure, led from the terminal by the prompts that the screen shows."""
