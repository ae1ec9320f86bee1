"""What passes between a device and its county, and what the device holds it to."""
