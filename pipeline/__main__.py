"""``python -m pipeline``: only the call, because Beam pickles the code of ``__main__`` by value."""

import sys

from pipeline.cli import main

sys.exit(main())
