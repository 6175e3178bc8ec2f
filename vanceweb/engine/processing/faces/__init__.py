"""Find faces and heads, and restore faces."""
