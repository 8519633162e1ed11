"""What is sent may be large; what is answered about it is not."""

import pytest


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("tokens", {f"field-{n}": 1 for n in range(20_000)}),
        ("tokens", {"name": "x", "scopes": ["read"], "x" * 1_000_000: 1}),
        (
            "access-requests",
            {
                "models": ["finance-ml/none"], "use_case": 1, "environment": "dev", "data_class": "internal", "until": "2027-01-01",
                "answers": {f"{n}": 1 for n in range(20_000)},
            },
        ),
    ],
)  # fmt: skip
def test_an_answer_about_many_mistakes_stays_small(cast, client, token_of, path, body):
    answer = client.post(f"/api/v1/{path}", body, content_type="application/json", headers=token_of(cast.paul, "admin", "publish"))
    assert answer.status_code == 422
    assert answer.json()["errors"]
    assert len(answer.content) < 100_000
