"""The gateway's HTTP doors, one file a sort of caller; each door is a thin call into what knows no HTTP."""
