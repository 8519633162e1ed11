"""The REST list of 50 models against the same view through a DRF ModelSerializer, with the same token, renderer and queries.

Aim: at least 2.5 times less CPU for the whole request, at least 4 times for the serialization alone. Alone means: from
what the database driver returned (ours: JSON that PostgreSQL wrote; theirs: model instances) to the bytes of the answer. Both take
turns; the median of the ratios of all rounds counts.
"""

import statistics
import sys
import time

from world import world

ROUNDS, CALLS = 7, 40
REQUEST, ALONE = 2.5, 4.0


def main():
    """Measure both ways in turns and say whether the ratios reach the aim."""
    with world() as caller:
        from django.urls import path as route

        from marketplace import urls

        view, ours_alone, theirs_alone = peer(caller)
        urls.urlpatterns.insert(0, route("peer/models", view))
        assert same(caller), "the two answers differ"
        whole = ratios(lambda: caller.get("/api/v1/models?limit=50", token=True)[1], lambda: caller.get("/peer/models", token=True)[1])
        alone = ratios(lambda: timed(ours_alone), lambda: timed(theirs_alone))
        print(f"REST list of 50 models, {caller.what}; CPU, median of {ROUNDS} rounds of {CALLS} calls in turns")
        good = [tell("whole request", *whole, REQUEST), tell("serialization alone", *alone, ALONE)]
    sys.exit(0 if all(good) else 1)


def timed(call):
    """Return the CPU milliseconds of a call."""
    begin = time.process_time()
    call()
    return 1000 * (time.process_time() - begin)


def ratios(ours, theirs):
    """Return both medians and the median ratio."""
    for _ in range(5):
        ours(), theirs()
    rounds = [(statistics.median(ours() for _ in range(CALLS)), statistics.median(theirs() for _ in range(CALLS))) for _ in range(ROUNDS)]
    return statistics.median(a for a, _ in rounds), statistics.median(b for _, b in rounds), statistics.median(b / a for a, b in rounds)


def tell(what, ours, theirs, ratio, aim):
    """Print one line; return whether the aim was reached."""
    print(f"{'ok  ' if ratio >= aim else 'MISS'} {what:22} ours {ours:5.2f} ms, ModelSerializer {theirs:5.2f} ms: {ratio:4.1f}x (aim {aim}x)")
    return ratio >= aim


def same(caller):
    """Whether both ways say the same about the same models, apart from how a moment is written."""
    import json

    ours, theirs = (json.loads(caller.get(path, token=True)[0]) for path in ("/api/v1/models?limit=50", "/peer/models"))
    moments = {"created_at", "updated_at"}
    plain = [[{k: v for k, v in row.items() if k not in moments} for row in answer["results"]] for answer in (ours, theirs)]
    return plain[0] == plain[1] and ours["next"] == theirs["next"]


def peer(caller):
    """Return the same view written with a ModelSerializer, and the two serializations without the request around them."""
    from django.db import connection
    from rest_framework import serializers
    from rest_framework.response import Response

    from catalog.registry.models import RegisteredModel
    from catalog.search.listing import FIELDS, listed, page_statement, shaped
    from marketplace.api.pagination import encode
    from marketplace.api.renderers import JSONRenderer
    from marketplace.api.views import ApiView

    class Model(serializers.ModelSerializer):
        id = serializers.UUIDField(source="uid")
        team = serializers.CharField(source="team.name")
        use = serializers.CharField(source="standing_key")

        class Meta:
            model = RegisteredModel
            fields = ["id", "team", *FIELDS, "use"]

    def rows(user):
        return listed(user).select_related("team").order_by("-pk")

    class Peer(ApiView):
        def get(self, request):
            found = list(rows(request.user)[:51])
            return Response({"results": Model(found[:50], many=True).data, "next": encode([found[49].pk]) if len(found) > 50 else None})

    found = list(rows(caller.user)[:50])
    statement = page_statement(caller.user, {}, after=None, limit=50)
    with connection.cursor() as database:
        database.execute(*statement)
        fetched = database.fetchone()
    renderer = JSONRenderer()
    return Peer.as_view(), lambda: shaped(fetched), lambda: renderer.render({"results": Model(found, many=True).data})


if __name__ == "__main__":
    main()
