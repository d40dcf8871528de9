"""Errors that a user can act on, and those that a label's record keeps."""


class InputError(ValueError):
    """The user's input is wrong; the message names the key or file, the value and the remedy."""


class Unconverged(RuntimeError):
    """An iteration did not reach its tolerance; the message becomes the record's `reason`."""
