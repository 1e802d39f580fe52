"""The dream plane of two memories: what the Start and Dream pages share."""
