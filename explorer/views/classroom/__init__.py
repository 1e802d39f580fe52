"""The Class page: the address of the class, to be opened by a QR code."""
