# SPDX-License-Identifier: Apache-2.0
"""Write the generated pages: ``python -m tests.docs``."""

from pathlib import Path

from tests.docs.api_page import api_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"

if __name__ == "__main__":
    PAGE.write_text(api_page())
