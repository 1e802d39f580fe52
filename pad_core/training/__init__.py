"""From a configuration to a run folder, and from that to a checkpoint."""
