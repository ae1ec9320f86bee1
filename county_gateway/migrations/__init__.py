"""How the county's database came to its schema: one file a change, never edited afterwards."""
