"""The Probe page: accuracy of linear probes on disturbed images."""
