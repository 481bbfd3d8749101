# SPDX-License-Identifier: Apache-2.0
"""The main job: a realistic paged decode, judged against the float64 reference."""
