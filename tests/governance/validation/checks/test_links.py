"""V47: links and references lead somewhere."""

import time
from dataclasses import replace

import pytest

from governance.validation.checks.links import Links
from tests.governance.validation.checks.world import subject

MODELS = {"models": ("platform-ai/llama-3.1-8b-instruct",)}
FILES = {"docs/report.txt": b"x\n", "README.md": b"# hi\n"}


@pytest.mark.parametrize(
    "text",
    [
        "[paper](https://example.org/a_(b)) and <https://example.org/x>",
        "[report](docs/report.txt) ![folder](./docs) [top](#limits) [mail](mailto:team@example.com)",
        "[base](/m/platform-ai/Llama-3.1-8b-instruct) [own](http://localhost/m/finance-ml/invoice-fields) [page](/teams)",
        "`[no link](javascript:x)` and\n```\n[none](file:///etc)\n```",
        "no link at all",
    ],
)
def test_links_that_lead_somewhere_pass(tmp_path, text):
    answer = Links().run(subject(tmp_path, FILES, text=text, **MODELS))
    assert answer.verdict == "pass", answer.findings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[x](javascript:alert(1))", "no address that a browser should open"),
        ("[x](file:///etc/passwd)", "no address that a browser should open"),
        ("[x](https://intranet/x)", "no site that others can reach"),
        ("[x](https://joe:pw@example.org/)", "a user name or a password"),
        ("[x](http://[::1)", "no address"),
        ("[x](missing.txt)", "no file of this version"),
        ("[x](/m/secret-lab/falcon-x)", "no model that everybody may see"),
        ("[x](/m/platform-ai/nothing)", "no model that everybody may see"),
    ],
)
def test_links_that_lead_nowhere_warn(tmp_path, text, said):
    answer = Links().run(subject(tmp_path, FILES, text=text, **MODELS))
    assert answer.verdict == "warn"
    assert said in answer.findings[0].message
    assert ":pw@" not in repr(answer)


def test_a_hidden_model_and_none_give_the_same_answer(tmp_path):
    hidden, none = (Links().run(subject(tmp_path, FILES, text=f"[x](/m/secret-lab/{name})", **MODELS)) for name in ("falcon-x", "galcon-x"))
    assert repr(hidden).replace("falcon", "galcon") == repr(none)


def test_brackets_without_end_take_no_time(tmp_path):
    made = subject(tmp_path, FILES, text="short")
    long = replace(made, card=replace(made.card, text="[" * 250_000 + "![a](" * 50_000 + "`" * 1001))
    begun = time.process_time()
    assert Links().run(long).verdict in {"pass", "warn"}
    assert time.process_time() - begun < 2
