"""Where the README's figures come from: real runs of the program against simulated hosts on this machine."""
