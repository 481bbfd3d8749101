# SPDX-License-Identifier: Apache-2.0
"""Benchmarks: ratios measured in one run, on one thread. Never part of the tests."""
