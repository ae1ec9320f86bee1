"""Fair weighing: anybody weighs again what was paid for, and is told what the law says of it."""
