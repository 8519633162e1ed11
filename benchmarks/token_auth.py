"""What token authentication adds to a request, ours against django-rest-knox in the same run.

Aim: at most 0.65 of knox's. The same small DRF view is called without authentication, with our tokens and with knox's; what each adds
to the first is compared. Both callers come out with an active person; ours also with groups, roles, scopes and limits, and its last use
noted. CPU is that of this process and of its database connection's process together. All take turns; the median of the ratios counts.
"""

import statistics
import sys

from permissions import cpu
from world import world

CALLS, ROUNDS, AIM = 600, 9, 0.65


def main():
    """Measure in turns, and say whether the ratio reaches the aim."""
    with world(models=False, settings="knox_settings") as caller:
        plain, ours, theirs = views()
        bearer, knox = f"Bearer {caller.secret}", f"Token {knox_secret(caller.user)}"
        calls = [lambda: call(plain, bearer), lambda: call(ours, bearer), lambda: call(theirs, knox)]
        assert [one() for one in calls] == ["", "bea", "bea"]
        rounds = [added(calls) for _ in range(ROUNDS + 1)][1:]
        ratio = statistics.median(a / b for _, a, b in rounds)
        base, mine, knoxs = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"CPU of this process and its database process, median of {ROUNDS} rounds of {CALLS} calls in turns")
        print(f"a DRF view without authentication {base:.3f} ms; our tokens add {mine:.3f} ms, django-rest-knox adds {knoxs:.3f} ms")
        print(f"{'ok  ' if ratio <= AIM else 'MISS'} ours / knox: {ratio:.2f} (aim at most {AIM})")
    sys.exit(0 if ratio <= AIM else 1)


def views():
    """The same view three times: without authentication, with our tokens, with knox's."""
    from knox.auth import TokenAuthentication as Knox
    from rest_framework.response import Response
    from rest_framework.views import APIView

    from marketplace.accounts.authentication import TokenAuthentication as Ours

    class View(APIView):
        authentication_classes = ()
        permission_classes = ()

        def get(self, request):
            return Response(request.user.get_username())

    classes = (View, type("WithOurs", (View,), {"authentication_classes": (Ours,)}), type("WithKnox", (View,), {"authentication_classes": (Knox,)}))
    return [view.as_view() for view in classes]


def knox_secret(user):
    """A token of knox for the same person."""
    from knox.models import AuthToken

    return AuthToken.objects.create(user)[1]


def call(view, authorization):
    """One call; returns whom the view saw."""
    from django.test import RequestFactory

    return view(RequestFactory().get("/", headers={"Authorization": authorization})).data


def added(calls):
    """CPU milliseconds of the view alone, and what each kind of token adds."""
    base, mine, knoxs = (cpu(one, CALLS) for one in calls)
    return base, mine - base, knoxs - base


if __name__ == "__main__":
    main()
