"""Inbox and e-mail for people."""
