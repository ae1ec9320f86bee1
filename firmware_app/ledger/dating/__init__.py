"""When an entry was really written, whatever its clock said."""
