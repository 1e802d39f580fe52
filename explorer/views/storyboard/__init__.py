"""The Storyboard page: one stimulus through Wake, NREM and REM."""
