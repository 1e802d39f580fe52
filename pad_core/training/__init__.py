"""From a configuration to a run folder, and from a run folder to a checkpoint."""
