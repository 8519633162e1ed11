"""Whether enough different people can decide, pure: one person counts once across all tracks."""

from collections.abc import Collection, Mapping


def unreachable(needs: Mapping[str, int], eligible: Mapping[str, Collection[int]]) -> list[str]:
    """Return the tracks that cannot get their people, in the order given; `needs` says how many each still lacks.

    A track fails on its own when too few people are eligible, or together with others when the same people would have to count twice.
    """
    seats = [(track, place) for track, need in needs.items() for place in range(need)]
    taken: dict[int, tuple[str, int]] = {}
    unseated = [seat[0] for seat in seats if not _seat(seat, eligible, taken, set())]
    return [track for track in needs if track in unseated]


def _seat(seat: tuple[str, int], eligible: Mapping[str, Collection[int]], taken: dict[int, tuple[str, int]], tried: set[int]) -> bool:
    """Find somebody for one seat, moving others to seats they can also take (augmenting paths)."""
    for person in sorted(eligible.get(seat[0], ())):
        if person in tried:
            continue
        tried.add(person)
        if person not in taken or _seat(taken[person], eligible, taken, tried):
            taken[person] = seat
            return True
    return False
