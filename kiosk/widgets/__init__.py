"""The kiosk's own widgets: drawn by hand, placed by boxes, redrawn only when something changed."""
