"""What could be done about differences between groups, each remedy with what it costs. Nothing here reaches a model that leaves."""
