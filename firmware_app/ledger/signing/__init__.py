"""Who signs: keys in files and in chips behind one contract."""
