"""What may leave the environment, in one folder, with a manifest that two people can check."""
