"""``--workers``: several processes translate one run. ``crew`` is the launcher's side, ``worker`` is theirs."""
