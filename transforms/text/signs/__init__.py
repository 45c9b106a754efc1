"""Characters that are no words of prose: markup, placeholders, addresses, code, emoji, damaged letters."""
