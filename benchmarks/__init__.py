"""The source of the documented figures: real runs of the program against simulated hosts on this machine."""
