"""What the directory does to people and groups; each in one transaction, with its events."""

from marketplace.accounts.scim.actions.groups import add_group, change_group, remove_group
from marketplace.accounts.scim.actions.people import bring_person, change_person, name_for_directory, remove_person

__all__ = ["add_group", "bring_person", "change_group", "change_person", "name_for_directory", "remove_group", "remove_person"]
