"""What the graph is made of: work units, reading, translating, writing, and the engine behind them."""
