"""Person x address -> status: the truth about access. A new address fails the build until it stands here.

`MATRIX` maps the name of an address to its rows. A row says how it is called in the world of `tests/world.py` and what each
person of the cast gets. The people stand for kinds of callers:

bea    viewer of another team            tess  reviewer (technical)
ivo    owner of another team             ada   security and its reviewer
nina   contributor of the owner team     gus   governance
paul   owner of the owner team           aud   auditor
stan   in no team                        root  administrator
"""

from tests.permission_matrix.council import COUNCIL
from tests.permission_matrix.ground import GROUND
from tests.permission_matrix.rows import PEOPLE, Row
from tests.permission_matrix.shop import SHOP

MATRIX: dict[str, list[Row]] = GROUND | SHOP | COUNCIL
__all__ = ["MATRIX", "PEOPLE"]
