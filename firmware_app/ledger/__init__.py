"""The signed record: entries in one chain, the store that keeps them, and what leaves the appliance."""
