"""Pickles, joblib and dill: of every estimator of scikit-learn, of plain data, and of everything that should never be loaded."""

import inspect
import io
import pickle
from collections import Counter, OrderedDict, defaultdict, deque
from datetime import UTC, datetime
from decimal import Decimal

import joblib
import numpy as np
import payloads
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

X, Y = make_classification(60, 8, n_informative=5, random_state=0)
X = np.abs(X)


class Evil:
    """Pickles itself as a call."""

    def __init__(self, *call):
        self.call = call

    def __reduce__(self):
        return self.call[0], self.call[1:]


def make(out):
    plain(out)
    estimators(out)
    hostile(out)


DATA = {
    "numbers": {"a": [1, 2.5, None, True], "b": (1, "x", b"raw"), "c": {1, 2}, "d": frozenset("ab")},
    "arrays": {str(kind): np.arange(6).astype(kind).reshape(2, 3) for kind in ("f4", "f8", "i1", "u2", "i8", "?", "c8", "f2", ">f4")},
    "objects": np.array(["a", None, {"b": 1}], dtype=object),
    "structured": np.zeros(3, dtype=[("a", "<f4"), ("b", "u1", (2,))]),
    "dates": [datetime(2026, 1, 2, tzinfo=UTC), np.datetime64("2026-01-02"), np.array(["2026-01-02"], dtype="M8[D]")],
    "texts": np.array(["ab", "c"]),
    "masked": np.ma.array([1, 2], mask=[0, 1]),
    "scalars": [np.float32(1.5), np.int64(3), np.bool_(True), np.str_("x")],
    "containers": [OrderedDict(a=1), defaultdict(list, a=[1]), Counter("aab"), deque([1, 2], maxlen=3), bytearray(b"x"), complex(1, 2)],
    "others": [Decimal("1.5"), slice(1, 2), range(3)],
    "random": {"state": np.random.RandomState(1), "generator": np.random.default_rng(1)},
}


def plain(out):
    for name, value in DATA.items():
        for protocol in (0, 2, 5):
            out.good(f"pickle-{name}-{protocol}", "data.pkl", pickle.dumps(value, protocol=protocol))
        path = out.folder("benign", f"joblib-{name}") / "data.joblib"
        joblib.dump(value, path)
    for method in ("zlib", "gzip", "bz2", "xz", "lzma"):
        joblib.dump(DATA["arrays"], out.folder("benign", f"joblib-{method}") / "data.joblib", compress=(method, 3))


def fitted(kind):
    """Return an estimator, fitted as far as it lets itself be."""
    takes = inspect.signature(kind.__init__).parameters
    pair = [("a", LogisticRegression()), ("b", DecisionTreeClassifier())]
    if "estimators" in takes:
        made = kind(pair)
    elif "steps" in takes:
        made = kind(pair[:1])
    elif "transformers" in takes:
        made = kind([("a", "passthrough", [0, 1])])
    elif "transformer_list" in takes:
        made = kind([("a", StandardScaler())])
    elif "param_grid" in takes or "param_distributions" in takes:
        made = kind(LogisticRegression(), {"C": [1, 2]})
    elif takes.get("estimator") is not None and takes["estimator"].default is inspect.Parameter.empty:
        made = kind(LogisticRegression())
    else:
        try:
            made = kind()
        except TypeError:
            made = kind(LogisticRegression()) if "estimator" in takes else kind(X)
    for data in ((X, Y), (X,), (["a b", "b c"],), ([{"a": 1}],), (X[:, 0], Y), (X[:, :2], np.c_[Y, Y])):
        try:
            return made.fit(*data)
        except Exception:
            continue
    return made


def estimators(out):
    for number, (name, kind) in enumerate(all_estimators()):
        with out.trying(f"sklearn {name}"):
            made = fitted(kind)
            if number % 2:
                joblib.dump(made, out.folder("benign", f"sklearn-{name}") / "model.joblib", compress=number % 3)
            else:
                out.good(f"sklearn-{name}", "model.pkl", pickle.dumps(made, protocol=2 + number % 4))
    pipeline = make_pipeline(StandardScaler(), FunctionTransformer(np.log1p), LogisticRegression())
    out.good("sklearn-pipeline", "model.pkl", pickle.dumps(pipeline))


def hostile(out):
    evil = Evil(eval, "1")
    for protocol in range(6):
        out.bad(f"pickle-real-{protocol}", "model.pkl", pickle.dumps({"weights": X, "x": evil}, protocol=protocol))
    for name in ("zlib", "gzip", "bz2", "xz", "lzma"):
        joblib.dump({"x": evil, "a": X}, out.folder("malicious", f"joblib-real-{name}") / "model.joblib", compress=(name, 3))
    joblib.dump(np.array([evil, 1], dtype=object), out.folder("malicious", "joblib-object-array") / "model.joblib")
    model = LogisticRegression().fit(X, Y)
    model.callback = evil
    out.bad("sklearn-attribute", "model.pkl", pickle.dumps(model))
    out.bad("sklearn-step", "model.pkl", pickle.dumps(Pipeline([("a", StandardScaler()), ("b", evil)])))
    with out.trying("cloudpickle"):
        import cloudpickle

        out.bad("cloudpickle-function", "model.pkl", cloudpickle.dumps(FunctionTransformer(lambda value: value)))
    _arrays(out, evil)


def _arrays(out, evil):
    stream = io.BytesIO()
    np.save(stream, np.array([evil], dtype=object), allow_pickle=True)
    out.bad("npy-real-objects", "data.npy", stream.getvalue())
    stream = io.BytesIO()
    np.savez(stream, a=X, b=np.array([evil], dtype=object))
    out.bad("npz-real-objects", "data.npz", stream.getvalue())
    out.bad("npy-is-pickle", "data.npy", payloads.calling("os.system"))
    stream = io.BytesIO()
    joblib.dump(X, stream)
    data = stream.getvalue()
    at = data.rindex(X.tobytes()[:64])
    start = at - 1 - len(data[:at]) + len(data[:at].rstrip(b"\xff"))
    hidden = payloads.FORMS["global"].ljust(48)
    out.bad("joblib-in-padding", "model.joblib", data[:start] + b"0" + hidden + data[at:])
