"""The Train page: trainings ordered, watched and stopped."""
