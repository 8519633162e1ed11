"""The checks of a version. To add one, write it in a file of its own and name it here."""

from governance.validation.checks.base import Check
from governance.validation.checks.card import CardDuties
from governance.validation.checks.code import Code
from governance.validation.checks.formats import Formats
from governance.validation.checks.integrity import Integrity
from governance.validation.checks.names import Names
from governance.validation.checks.pickles import Pickles

CHECKS: tuple[Check, ...] = (Integrity(), Names(), Formats(), Code(), Pickles(), CardDuties())
