"""What is sent: the gate, the texts as they are sent, their chunks, prompts and token budgets."""
