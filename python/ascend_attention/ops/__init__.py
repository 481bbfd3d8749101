# SPDX-License-Identifier: Apache-2.0
"""The operators: schemas, checks of arguments, Meta kernels and public functions."""
