# SPDX-License-Identifier: Apache-2.0
"""Errors that are not about one argument's value: those are ``ValueError`` and ``TypeError``."""


class BackendUnavailableError(RuntimeError):
    """The device of the tensors has no backend here; the message says what would enable it."""


class BackendError(RuntimeError):
    """A backend's runtime failed; the message carries its error code."""
