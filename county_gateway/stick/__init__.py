"""What is carried to the county on a USB stick, and what it gives back on one."""
