"""Failed assertions of the scenes are explained as those of tests are."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.unit.live.scenes")
