# SPDX-License-Identifier: Apache-2.0
"""Names of other projects, so that programs written for them run with one import changed."""
