"""Where the README's figures come from: real runs of the program against stand-in hosts on this machine."""
