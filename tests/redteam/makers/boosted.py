"""Boosted trees: XGBoost and LightGBM in every way they save themselves, and with trees that point elsewhere."""

import json
import pickle

import lightgbm
import numpy as np
import xgboost

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.random((80, 5)), RANDOM.integers(0, 2, 80)


def make(out):
    for name, how in {
        "logistic": {"objective": "binary:logistic"}, "squares": {"objective": "reg:squarederror"}, "softmax": {"objective": "multi:softprob", "num_class": 2},
        "poisson": {"objective": "count:poisson"}, "dart": {"booster": "dart"}, "linear": {"booster": "gblinear"}, "rank": {"objective": "rank:ndcg"},
    }.items():  # fmt: skip
        with out.trying(f"xgboost {name}"):
            booster = xgboost.train(how, xgboost.DMatrix(X, Y), 4)
            for kind in ("json", "ubj"):
                out.good(f"xgboost-{name}-{kind}", f"model.{kind}", bytes(booster.save_raw(kind)))
    classifier = xgboost.XGBClassifier(n_estimators=3).fit(X, Y)
    out.good("xgboost-pickle", "model.pkl", pickle.dumps(classifier))
    for name, how in {
        "binary": {"objective": "binary"},
        "regression": {},
        "multi": {"objective": "multiclass", "num_class": 2},
        "dart": {"boosting": "dart"},
    }.items():
        booster = lightgbm.train({"verbose": -1, "min_data_in_leaf": 2} | how, lightgbm.Dataset(X, Y), 4)
        out.good(f"lightgbm-{name}", "model.txt", booster.model_to_string())
        out.good(f"lightgbm-{name}-json", "model.json", json.dumps(booster.dump_model()))
        out.good(f"lightgbm-{name}-pickle", "model.pkl", pickle.dumps(booster))
    hostile(out, json.loads(bytes(classifier.get_booster().save_raw("json"))), booster.model_to_string())


def hostile(out, model, text):
    def changed(change):
        copy = json.loads(json.dumps(model))
        change(copy["learner"]["gradient_booster"]["model"]["trees"][0])
        return json.dumps(copy)

    out.bad("xgboost-far-child", "model.json", changed(lambda tree: tree["left_children"].__setitem__(0, 10**6)))
    out.bad("xgboost-short-list", "model.json", changed(lambda tree: tree["parents"].pop()))
    out.bad("xgboost-no-nodes", "model.json", changed(lambda tree: tree["left_children"].clear()))
    out.bad("xgboost-auto-map", "model.json", json.dumps(model | {"auto_map": {"AutoModel": "x.Y"}}))
    ubj = bytes(xgboost.train({}, xgboost.DMatrix(X, Y), 2).save_raw("ubj"))
    out.bad("xgboost-ubj-tail", "model.ubj", ubj + b"\x80\x04N.")
    out.bad("xgboost-ubj-short", "model.ubj", ubj[:-40])
    out.bad("lightgbm-far-child", "model.txt", text.replace("left_child=", "left_child=99999 ", 1))
    out.bad("lightgbm-cut", "model.txt", text[: text.index("end of trees")])
    out.bad("lightgbm-words", "model.txt", text.replace("left_child=", "left_child=__import__ ", 1))
