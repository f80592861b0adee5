"""The figures: released rows in, PNG out. Each file is a topic; none of them computes a result."""
