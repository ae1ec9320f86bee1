"""What each screen shows, as pure functions of what the core said; no Kivy here."""
