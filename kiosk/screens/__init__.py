"""The screens: each built once, shown when the core asks its question."""
