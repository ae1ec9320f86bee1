"""The commands of the gateway, a file a subject."""
