"""Which profile is used: what is set, what works, and what is said of the rest."""

import pytest

from marketplace import sandbox as box
from marketplace.sandbox import choosing, selftest
from marketplace.sandbox.selftest import weakness
from tests.marketplace.sandbox.probing import task


@pytest.fixture(autouse=True)
def afresh():
    box.forget()
    yield
    box.forget()


@pytest.fixture
def no_bubblewrap(monkeypatch):
    monkeypatch.setattr("marketplace.sandbox.world.PROGRAMS", "/nowhere")


def test_bubblewrap_comes_first_and_landlock_where_it_is_missing(no_bubblewrap, settings):
    if weakness("landlock"):
        pytest.skip("no Landlock here")
    found = box.choice()
    assert (found.profile, dict(found.weak)) == ("landlock", {"bubblewrap": "bubblewrap is not installed"})


def test_a_profile_can_be_demanded(settings):
    settings.SANDBOX_PROFILE = "landlock"
    assert box.choice().profile == ("none" if weakness("landlock") else "landlock")


def test_it_is_tested_once(monkeypatch):
    asked = []
    monkeypatch.setattr(choosing, "first_that_holds", lambda profiles: asked.append(profiles) or ("landlock", {}))
    assert [box.choice().profile for _ in range(3)] == ["landlock"] * 3
    assert len(asked) == 1


def test_a_missing_one_is_looked_for_again(monkeypatch):
    monkeypatch.setattr(choosing, "first_that_holds", lambda _profiles: ("", {"bubblewrap": "no", "landlock": "no"}))
    assert box.choice().profile == "none"
    monkeypatch.setattr(choosing, "first_that_holds", lambda _profiles: ("landlock", {}))
    assert box.choice().profile == "none"
    monkeypatch.setattr(choosing, "ASK_AGAIN", 0)
    assert box.choice().profile == "landlock"


def test_without_any_nothing_runs(monkeypatch):
    monkeypatch.setattr(choosing, "first_that_holds", lambda _profiles: ("", {"bubblewrap": "it is not installed", "landlock": "no such kernel"}))
    with pytest.raises(box.Unavailable, match=r"No sandbox works here \(bubblewrap: it is not installed; landlock: no such kernel\)"):
        box.run(task("where"))


def test_a_profile_that_lets_something_through_is_not_used(monkeypatch):
    """What confines is replaced by the filter of system calls alone, which hides no file: the test must see it."""
    real = selftest.run_here
    monkeypatch.setattr(selftest, "run_here", lambda *args, **how: real(*args, **how | {"profile": "seccomp"}))
    assert weakness("bubblewrap") == weakness("landlock") == "it can read a file that was not given"
    assert box.choice().profile == "none"


@pytest.mark.parametrize(
    ("limits", "word"), [((0, 1), "cpu_seconds"), ((1, 0), "wall_seconds"), ((1, 1, 0), "memory_mb"), ((1, 1, 1, 10**12), "answer_bytes")]
)
def test_limits_are_limits(limits, word):
    with pytest.raises(ValueError, match=word):
        box.Limits(*limits)


@pytest.mark.parametrize(
    "wrong", [{}, None, {"cpu_seconds": 1}, box.Limits().to_json() | {"memory_mb": "1"}, box.Limits().to_json() | {"memory_mb": True}]
)
def test_limits_that_travel_keep_their_shape(wrong):
    assert box.Limits.from_json(box.Limits().to_json()) == box.Limits()
    with pytest.raises(ValueError, match="limits"):
        box.Limits.from_json(wrong)


def test_a_task_names_modules_of_this_program_only():
    with pytest.raises(ValueError, match="no module"):
        box.run(box.Task("nowhere.at_all", ("nowhere.at",)))
