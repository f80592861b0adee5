"""The picture of inequality before any model: what happened to whom, and who was given which care."""
