"""Personal data in text: account and card numbers that pass their own checksum, telephone numbers, addresses of people."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

IBAN = re.compile(r"\b([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?)\b")
CARD = re.compile(r"(?<![\d.-])(\d(?:[ -]?\d){12,18})(?![\d.-])")
PHONE = re.compile(r"(?<![\w+])(\+\d{1,3}[ /.-]?\(?\d{1,5}\)?(?:[ /.-]?\d{2,5}){2,5})(?!\w)")
EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})")
MOST = 50


def search(text: str, rules: Mapping[str, Any]) -> list[list[Any]]:
    """Return [what, line] of everything found, and never the data itself."""
    found = sorted({(text.count("\n", 0, start) + 1, what) for what, start in _all(text, rules)})
    return [[what, line] for line, what in found[:MOST]]


def _all(text: str, rules: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    for what, expression, is_one in (
        ("an account number (IBAN)", IBAN, _is_account),
        ("a payment card number", CARD, _is_card),
        ("a telephone number", PHONE, _is_phone),
        ("an e-mail address of a person", EMAIL, _is_person),
    ):
        yield from ((what, match.start()) for match in expression.finditer(text) if is_one(match.group(1), rules))


def _is_account(text: str, rules: Mapping[str, Any]) -> bool:
    plain = text.replace(" ", "")
    moved = plain[4:] + plain[:4]
    return 15 <= len(plain) <= 34 and int("".join(str(int(char, 36)) for char in moved)) % 97 == 1


def _is_card(text: str, rules: Mapping[str, Any]) -> bool:
    digits = re.sub(r"\D", "", text)
    return digits[0] in "3456" and digits not in rules["test_cards"] and _luhn(digits)


def _is_phone(text: str, rules: Mapping[str, Any]) -> bool:
    return 9 <= len(re.sub(r"\D", "", text)) <= 15


def _is_person(text: str, rules: Mapping[str, Any]) -> bool:
    """Whether an address is somebody's, and neither a group's nor one that manuals use."""
    local, _, domain = text.lower().rpartition("@")
    return re.split(r"[.+_-]", local)[0] not in rules["group_mailboxes"] and not domain.endswith(tuple(rules["example_domains"]))


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
