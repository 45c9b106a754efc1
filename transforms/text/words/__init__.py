"""What words are: the reading of a text, which words are French or English, and which correspond to each other."""
