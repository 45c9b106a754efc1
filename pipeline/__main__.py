"""``python -m pipeline``: only the call, because Beam pickles the code of ``__main__`` by value."""

import sys

from beam_ollama_translate import main

sys.exit(main())
