"""The log: one line an event, whoever writes it, with the request it belongs to."""

import io
import json
import logging
import re

import pytest
import structlog

from marketplace import logs, origin


@pytest.fixture
def written():
    """What is written to the log during a test, by kind of line."""
    handlers = {}
    for kind in logs.FORMATS:
        handlers[kind] = logging.StreamHandler(io.StringIO())
        handlers[kind].setFormatter(logs.formatter(kind))
        logging.getLogger().addHandler(handlers[kind])
    yield lambda kind: handlers[kind].stream.getvalue()
    for handler in handlers.values():
        logging.getLogger().removeHandler(handler)


@pytest.fixture
def request_id():
    origin.begin(origin.Origin(request_id="4be109c7"))
    yield "4be109c7"
    origin.begin(origin.Origin())


def test_both_kinds_of_events_become_json_with_the_request_id(written, request_id):
    structlog.get_logger("marketplace.jobs").warning("job_not_published", job="send_due")
    logging.getLogger("library").warning("It took %s s.", 3)
    ours, theirs = (json.loads(line) for line in written("json").splitlines())
    assert (ours["event"], ours["job"], ours["logger"], ours["level"]) == ("job_not_published", "send_due", "marketplace.jobs", "warning")
    assert (theirs["event"], theirs["logger"], theirs["level"]) == ("It took 3 s.", "library", "warning")
    assert ours["request_id"] == theirs["request_id"] == request_id
    assert re.match(r"\d{4}-\d\d-\d\dT.*Z$", ours["timestamp"])


def test_outside_a_request_no_id_is_made_up(written):
    structlog.get_logger("worker").warning("job_not_published")
    assert "request_id" not in json.loads(written("json"))


def test_a_fault_is_one_line_of_json(written):
    try:
        raise ValueError("gone")
    except ValueError:
        structlog.get_logger("worker").exception("request_failed")
    [line] = written("json").splitlines()
    assert "ValueError: gone" in json.loads(line)["exception"]


def test_lines_are_for_people(written, request_id):
    structlog.get_logger("worker").warning("mail_refused", user=7)
    assert re.search(r"\[warning *\] mail_refused .*request_id=4be109c7 user=7", written("lines"))


def test_the_level_counts_for_our_own_events_too(written):
    structlog.get_logger("worker").debug("nobody wants to know")
    assert written("json") == ""


def test_the_log_never_mixes_with_what_a_command_prints(capsys):
    assert logs.described(level="INFO", kind="json")["handlers"]["console"] == {"class": "logging.StreamHandler", "formatter": "event"}
    structlog.get_logger("worker").warning("mail_refused")
    assert capsys.readouterr().out == ""


def test_an_unknown_format_is_refused_by_name():
    with pytest.raises(ValueError, match="LOG_FORMAT is 'xml'; set it to json or lines"):
        logs.described(level="INFO", kind="xml")
