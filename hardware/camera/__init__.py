"""The camera: one photo when it is asked for, or why there is none."""
