"""Each change in order; its number is the schema that it makes."""
