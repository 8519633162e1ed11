"""The catalog page on 11,798 imported models: at most 12 queries and 60 ms CPU of the serving process."""

import statistics
import sys

from world import world

QUERIES, CPU = 12, 60.0
ROUNDS = 15
PAGES = ("/models", "/models?q=invoice", "/models?q=image+classification", "/models?q=resnet+50&task=image-classification&license=permissive", "/")


def main():
    """Count the queries, measure the CPU, and say whether both stay within the aim."""
    failed = False
    with world() as caller:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        print(f"Catalog page, {caller.what}; aim: at most {QUERIES} queries, {CPU:.0f} ms CPU (median of {ROUNDS})")
        for path in PAGES:
            for _ in range(3):
                caller.get(path)
            times = [caller.get(path)[1] for _ in range(ROUNDS)]
            queries = count(caller, path, connection, CaptureQueriesContext)
            cpu = statistics.median(times)
            good = queries <= QUERIES and cpu <= CPU
            failed |= not good
            print(f"{'ok  ' if good else 'MISS'} {path:75} {queries:3} queries {cpu:6.1f} ms CPU")
    sys.exit(1 if failed else 0)


def count(caller, path, connection, capture):
    """Return how many queries a page makes; the end of a request must not forget them."""
    from django.core.signals import request_started
    from django.db import reset_queries

    request_started.disconnect(reset_queries)
    try:
        with capture(connection) as seen:
            caller.get(path)
        return len(seen)
    finally:
        request_started.connect(reset_queries)


if __name__ == "__main__":
    main()
