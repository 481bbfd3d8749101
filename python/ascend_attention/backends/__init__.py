# SPDX-License-Identifier: Apache-2.0
"""Where operators run: the AI Core model for CPU tensors; other devices have their own module."""
