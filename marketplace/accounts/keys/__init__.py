"""Tokens: what they may, where they count, how they are issued, rotated and ended, and which CI jobs get one without a secret."""
