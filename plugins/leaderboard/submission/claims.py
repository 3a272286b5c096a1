"""What a run claims: its scores, without the details that whoever verifies makes again."""

from __future__ import annotations

XX