"""The pages that show it all together."""
