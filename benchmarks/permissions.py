"""Lists and checks under permissions against django-guardian's own functions, on 100,000 models with the same grants and equal answers.

Aim: a page of 20 models at least 40 times less CPU than `get_objects_for_user` over guardian's own tables, as it comes (its
tables with a foreign key are shown beside it), 50 checks in one query at least 15 times less than `has_perm` for each. CPU is that
of this process and of its database connection's process together. Both take turns; the median of the ratios of all rounds counts.
"""

import os
import statistics
import sys
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from world import world

MODELS, OTHERS, ROUNDS = 100_000, 20, 5
PAGE, CHECKS = 40.0, 15.0


STOCK = """
    INSERT INTO guardian_{table}objectpermission (object_pk, content_type_id, permission_id, {holder}_id)
    SELECT content_object_id::text, p.content_type_id, permission_id, {holder}_id
    FROM catalog_model{kind}permission JOIN auth_permission p ON p.id = permission_id
"""


@contextmanager
def stock_tables():
    """Let guardian use the tables that it comes with, which name any object by its type and its id as text."""
    from unittest.mock import patch

    from guardian.models import GroupObjectPermission, UserObjectPermission

    people, groups = "guardian.shortcuts.get_user_obj_perms_model", "guardian.shortcuts.get_group_obj_perms_model"
    with patch(people, lambda *_: UserObjectPermission), patch(groups, lambda *_: GroupObjectPermission):
        yield


def main():
    """Fill, compare the answers, measure in turns, and say whether the ratios reach the aim."""
    with world(models=False) as caller:
        person = fresh(fill(caller.user))
        ours, theirs = page(person), guardian_page(person)
        with stock_tables():
            assert ours() == theirs(), "the pages by guardian's own tables differ"
        assert ours() == theirs(), "the pages by tables with a foreign key differ"
        some, guards = checks(person), guardian_checks(person)
        assert some() == guards(), "the two checks differ"
        print(f"{MODELS:,} models, {seen(person):,} visible, {rows():,} rows of guardian")
        print(f"CPU of this process and its database process, median of {ROUNDS} rounds in turns")
        tell("page of 20, foreign keys", measured(ours, theirs, 8), 0)
        with stock_tables():
            good = [tell("page of 20", measured(ours, theirs, 3), PAGE)]
        good.append(tell("50 checks", measured(some, guards, 3), CHECKS))
    sys.exit(0 if all(good) else 1)


def fill(user):
    """Make the models and who may see them: six in ten everybody, a few by grants; and the same as rows of guardian, among those of others."""
    from django.contrib.auth.models import Group
    from django.db import connection

    from catalog.registry.models import ModelGroupPermission, ModelPersonPermission, RegisteredModel
    from marketplace.accounts.actions import create_team
    from marketplace.accounts.models import Team

    owner, sales = create_team("finance-ml", by=None), Team.objects.get(name="sales")
    rows = (
        RegisteredModel(
            team=owner, name=f"model-{n}", state="active", pulls_30d=n * 7919 % 100_003, visibility="organization" if n % 10 < 6 else "team"
        )
        for n in range(MODELS)
    )
    models = RegisteredModel.objects.bulk_create(rows, batch_size=5000)
    closed = [model for model in models if model.visibility == "team"]
    mine, ours = closed[::40], closed[1::40]
    give(mine, owner, user=user)
    give(ours, owner, team=sales)
    everybody, right = Group.objects.create(name="everybody"), right_id()
    user.groups.add(everybody)
    groups = [Group.objects.create(name=f"others-{n}") for n in range(OTHERS)]
    shown = [(everybody, m) for m in models if m.visibility == "organization"] + [(sales.group, m) for m in ours]
    shown += [(group, m) for n, group in enumerate(groups) for m in models[n :: OTHERS // 4]]
    by_group = (ModelGroupPermission(content_object=m, group=group, permission_id=right) for group, m in shown)
    ModelGroupPermission.objects.bulk_create(by_group, batch_size=5000)
    by_person = (ModelPersonPermission(content_object=m, user=user, permission_id=right) for m in mine)
    ModelPersonPermission.objects.bulk_create(by_person, batch_size=5000)
    with connection.cursor() as database:
        for kind, holder in (("person", "user"), ("group", "group")):
            database.execute(STOCK.format(kind=kind, table="user" if kind == "person" else "group", holder=holder))
        database.execute("VACUUM ANALYZE")
    return user


def give(models, owner, **subject):
    """Grants on these models."""
    from django.utils import timezone

    from catalog.registry.models import AccessGrant, UseCase

    use, _ = UseCase.objects.get_or_create(name="Benchmark", team=owner, owner_id=1)
    until = timezone.now() + timedelta(days=30)
    AccessGrant.objects.bulk_create([AccessGrant(thing=m, use_case=use, until=until, **subject) for m in models], batch_size=5000)


def right_id():
    """The id of the right that guardian's rows carry."""
    from django.contrib.auth.models import Permission

    return Permission.objects.get(codename="view_registeredmodel").pk


def rows():
    """How many rows guardian has to hold for all of that."""
    from catalog.registry.models import ModelGroupPermission, ModelPersonPermission

    return ModelGroupPermission.objects.count() + ModelPersonPermission.objects.count()


def seen(person):
    """How many models the caller may see."""
    from catalog.registry.queries import models_for

    return models_for(person).count()


def fresh(person):
    """The person as a request reads them: with groups and roles, in one query."""
    from marketplace.accounts.backends import PasswordBackend

    return PasswordBackend().get_user(person.pk)


def page(person):
    """A page of a list as our lists ask for it: written once as long as the rights stay the same, and planned once per connection."""
    from catalog.registry.queries import models_for
    from catalog.search.rights import compiled
    from marketplace.database import planned

    statement = compiled(lambda viewer: models_for(viewer).order_by("-pulls_30d", "-id").values("id")[:20])

    def call():
        with planned() as database:
            database.execute(*statement(person))
            return [pk for (pk,) in database.fetchall()]

    return call


def guardian_page(person):
    """The same page by guardian."""
    from guardian.shortcuts import get_objects_for_user

    from catalog.registry.models import RegisteredModel

    def call():
        rows = get_objects_for_user(person, "catalog.view_registeredmodel", klass=RegisteredModel, accept_global_perms=False, with_superuser=False)
        return list(rows.order_by("-pulls_30d", "-id").values_list("id", flat=True)[:20])

    return call


def fifty():
    """Fifty models, of which the caller may use some."""
    from catalog.registry.models import RegisteredModel

    return list(RegisteredModel.objects.order_by("pk")[:50])


def checks(person):
    """Which of fifty models the caller may use, in one query."""
    from catalog.registry.queries import models_for

    found = fifty()
    ids = [model.pk for model in found]
    return lambda: set(models_for(person).filter(pk__in=ids).order_by().values_list("pk", flat=True))


def guardian_checks(person):
    """The same by guardian's checker, as `user.has_perm` asks it for each."""
    from guardian.backends import ObjectPermissionBackend

    from marketplace.accounts.models import User

    found, backend = fifty(), ObjectPermissionBackend()

    def call():
        who = User.objects.get(pk=person.pk)  # guardian keeps answers with the person: each call is a request of its own
        return {model.pk for model in found if backend.has_perm(who, "catalog.view_registeredmodel", model)}

    return call


def measured(ours, theirs, calls):
    """Return both medians in CPU milliseconds and the median ratio; the call that costs little runs more often."""
    ours(), theirs()
    rounds = [(cpu(ours, calls * 25), cpu(theirs, calls)) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in rounds), statistics.median(b for _, b in rounds), statistics.median(b / a for a, b in rounds)


def cpu(call, times):
    """CPU milliseconds a call takes, here and in the database process."""
    before = time.process_time() + database_seconds()
    for _ in range(times):
        call()
    return 1000 * (time.process_time() + database_seconds() - before) / times


def database_seconds():
    """CPU seconds that the process of our database connection has used."""
    from django.db import connection

    with connection.cursor() as database:
        database.execute("SELECT pg_backend_pid()")
        [pid] = database.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def tell(what, figures, aim):
    """Print one line; return whether the aim was reached."""
    ours, theirs, ratio = figures
    print(
        f"{'ok  ' if ratio >= aim else 'MISS'} {what:24} ours {ours:7.2f} ms, guardian {theirs:8.2f} ms: {ratio:6.1f}x "
        + (f" (aim {aim}x)" if aim else "")
    )
    return ratio >= aim


if __name__ == "__main__":
    main()
