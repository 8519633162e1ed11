"""The reference pages say what the code says."""

import pytest
from django.core.management import CommandError, call_command

from catalog.management.reference import STATES_PAGE, states_page
from catalog.registry.states import MOVES, VersionState


def test_the_pages_in_the_repository_are_current():
    call_command("write_reference", "--check")


def test_every_move_and_no_other_is_drawn():
    drawn = {tuple(line.split()[::2]) for line in states_page().splitlines() if "-->" in line and "[*]" not in line}
    assert drawn == {(str(VersionState(here).value), str(VersionState(to).value)) for here, there in MOVES.items() for to in there}


def test_a_page_that_is_not_current_is_told_and_mended(tmp_path, settings):
    settings.ROOT = tmp_path
    with pytest.raises(CommandError, match=STATES_PAGE):
        call_command("write_reference", "--check")
    call_command("write_reference")
    assert (tmp_path / STATES_PAGE).read_text() == states_page()
    call_command("write_reference", "--check")
