"""What is said to one host, and what it says: requests, answers, errors, lists of models."""
