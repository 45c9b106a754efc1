"""Pure functions of strings: what is sent, how it is cut, what is accepted. No Beam, no I/O."""
