"""What the paper describes: conditions, networks, hippocampus, losses, phases, dreams."""
