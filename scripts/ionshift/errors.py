"""Errors that a user can act on."""


class InputError(ValueError):
    """The user's input is wrong; the message names the key or file, the value and the remedy."""
