# SPDX-License-Identifier: Apache-2.0
"""The main job: realistic attention on the model, judged against float64 and against torch."""
