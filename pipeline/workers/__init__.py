"""``--workers``: several processes translate one run. ``pool`` is the launcher's side, ``worker`` is theirs."""
