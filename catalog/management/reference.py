"""The reference pages that are written from the code, so that they cannot say something else."""

from catalog.registry.states import FINAL, MAY_SUBMIT, MOVES, NEVER_SERVED, VersionState

STATES_PAGE = "docs/reference/states.md"
HEAD = """# The states of a version

This page is written by `manage.py write_reference` from `catalog/registry/states.py`; a test fails when the two differ.

A version moves only along these arrows. Each move is a compare-and-set: when two people move the same version at once,
one wins and the other is told. The database knows the same states (constraint `version_state_is_known`), and from the
first submit on its triggers refuse every change of the files and of the manifest's digest.
"""


def states_page() -> str:
    """Return the page about the states of a version: a diagram and a table."""
    return "\n".join([HEAD, "```mermaid", *_diagram(), "```", "", *_table()]) + "\n"


def _diagram() -> list[str]:
    """Return the moves as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", f"    [*] --> {VersionState.DRAFT.value}"]
    lines += [f"    {state.value}: {state.label}" for state in VersionState]
    lines += [f"    {state.value} --> {to.value}" for state in VersionState for to in _goes(state)]
    return [*lines, *(f"    {state.value} --> [*]" for state in VersionState if not _goes(state))]


def _table() -> list[str]:
    """Return the states with what is possible in each."""
    rows = [
        f"| `{state.value}` | {state.label} | {', '.join(f'`{to.value}`' for to in _goes(state)) or 'nothing: it is final'} | {_notes(state)} |"
        for state in VersionState
    ]
    return ["| State | In words | Goes on to | |", "|---|---|---|---|", *rows]


def _goes(state: VersionState) -> list[VersionState]:
    """Return where a state leads, in the order of the states."""
    return [to for to in VersionState if to in MOVES.get(state, ())]


def _notes(state: VersionState) -> str:
    """Return what else holds in a state."""
    notes = {
        "can be submitted": state in MAY_SUBMIT,
        "files can change": state == VersionState.DRAFT,
        "no byte leaves for use": state in NEVER_SERVED,
        "final": state in FINAL,
    }
    return ", ".join(words for words, holds in notes.items() if holds)


PAGES = {STATES_PAGE: states_page}
