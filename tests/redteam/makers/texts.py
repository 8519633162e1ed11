"""Text beside weights: configurations, tokenizers, requirements, templates, programs."""

import json
import marshal

from graphs import INJECTIONS, TEMPLATES

GOOD = {
    "config.json": json.dumps(
        {"architectures": ["BertModel"], "model_type": "bert", "hidden_size": 8, "auto_map": None, "transformers_version": "4.40.0"}
    ),
    "tokenizer.json": json.dumps({"version": "1.0", "added_tokens": [], "model": {"type": "BPE", "vocab": {"a": 0, "print(x)": 1}, "merges": []}}),
    "tokenizer_config.json": json.dumps({"chat_template": TEMPLATES["plain"], "tokenizer_class": "LlamaTokenizer"}),
    "special_tokens_map.json": json.dumps({"bos_token": "<s>"}),
    "generation_config.json": json.dumps({"temperature": 0.7}),
    "model.safetensors.index.json": None,
    "model_index.json": json.dumps(
        {"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DConditionModel"], "safety_checker": [None, None]}
    ),
    "modules.json": json.dumps([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"}]),
    "adapter_config.json": json.dumps(
        {"peft_type": "LORA", "auto_mapping": {"base_model_class": "X", "parent_library": "transformers.models.llama"}}
    ),
    "conda.yaml": "name: x\nchannels: [conda-forge]\ndependencies:\n- python=3.11\n- pip\n- pip:\n  - mlflow==2.9\n  - torch[extra]>=2\n",
    "params.yaml": "lr: 0.1\nlayers: [1, 2]\nname: 'x'\n",
    "MLmodel": "flavors:\n  sklearn:\n    pickled_model: model.pkl\n  python_function:\n    loader_module: mlflow.sklearn\n",
    "requirements.txt": "numpy>=2,<3\nsafetensors==0.5.3 ; python_version > '3.10'\n# comment\ntorch[extra]\n",
    "README.md": "---\nlicense: mit\ntags: [a]\n---\n# Model\n\n```python\nimport os\nprint(1)\n```\n",
    "vocab.txt": "[PAD]\n[UNK]\nimport\nprint\n##ing\n",
    "merges.txt": "#version: 0.2\nt h\nth e\n",
    "LICENSE": "Permission is hereby granted, free of charge, to any person\n",
    ".gitattributes": "*.safetensors filter=lfs diff=lfs merge=lfs -text\n",
    "chat_template.jinja": TEMPLATES["trimmed"],
    "model.pmml": '<?xml version="1.0"?><PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/><DataDictionary/></PMML>',
    "data.csv": "a,b\n1,=SUM(A1)\n",
    "labels.jsonl": '{"a": 1}\n{"a": 2}\n',
}
BAD = {
    "config.json": [
        {"auto_map": {"AutoModel": "modeling.Model"}}, {"a": [{"b": {"auto_map": {"AutoConfig": "x.Y"}}}]}, {"trust_remote_code": True},
        {"_target_": "os.system", "_args_": ["x"]}, {"py/object": "os.system"}, {"py/reduce": [{"py/type": "os.system"}]}, {"custom_pipelines": {"x": {"impl": "a.B"}}},
        {"_attn_implementation": "somebody/kernels"}, {"imports": "$import os"}, {"run": "$__import__('os').system('x')"}, {"class_path": "os.system"},
    ],
    "tokenizer_config.json": [{"chat_template": text} for text in INJECTIONS.values()] + [{"chat_template": [{"name": "a", "template": INJECTIONS["class"]}]}],
    "model_index.json": [{"unet": ["my_unet", "Net"]}, {"_class_name": ["pipeline", "Mine"]}],
    "modules.json": [[{"idx": 0, "type": "os.system"}], [{"idx": 0, "type": "custom_st.Transformer"}]],
    "adapter_config.json": [{"auto_mapping": {"parent_library": "evil_module"}}],
    "model.safetensors.index.json": [{"weight_map": {"a": "../../etc/passwd"}}, {"weight_map": {"a": "/etc/passwd"}}, {"weight_map": {"a": "http://x/y"}}],
}  # fmt: skip
BAD_TEXTS = {
    "conda.yaml": [
        "dependencies:\n- pip:\n  - git+https://example.com/x.git\n",
        "dependencies:\n- pip:\n  - --index-url http://x\n",
        "dependencies:\n- pip:\n  - x @ http://y\n",
    ],
    "params.yaml": [
        "a: !!python/object/apply:os.system ['x']\n",
        "a: !!python/name:os.system\n",
        "a: &x [1]\nb: *x\n",
        "model:\n  _target_: os.system\n",
        "a: !ruby/object:X {}\n",
        "%TAG ! tag:x\n---\na: 1\n",
    ],
    "MLmodel": [
        "flavors:\n  python_function:\n    loader_module: evil\n",
        "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    code: code\n",
    ],
    "requirements.txt": [
        "--index-url http://x\nnumpy\n",
        "git+https://example.com/x.git\n",
        "x @ https://example.com/x.whl\n",
        "-e .\n",
        "-r other.txt\n",
        "./local\n",
        "--extra-index-url=http://x\n",
        "numpy --hash=sha256:x\\\n --index-url x\n",
    ],
    "chat_template.jinja": list(INJECTIONS.values()),
    "model.xml": [
        '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
        '<?xml version="1.0"?><?xml-stylesheet href="x"?><x/>',
        '<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="x"/></x>',
        "<x><script>1</script></x>",
        '<x onload="run()"/>',
    ],
    "README.md": ["---\na: !!python/name:os.system\n---\n", "---\nauto_map: {a: b}\n---\n"],
    "notes.txt": [
        "import os\nos.system('x')\n",
        "#!/bin/sh\nrm -rf /\n",
        "# a comment\n\nx = 1\ndef run():\n    pass\n",
        '"""Words."""\nprint(open("x").read())\n',
        "a\x1b[31m",
    ],
    "data.json": ['{"cells": [], "nbformat": 4}', '{"a": NaN}', '{"a": 1, "a": 2}', "{'a': 1}", '{"a":' + "[" * 50_000],
    "modeling.py": ["x = 1\n"],
    "run.sh": ["echo\n"],
    "x.ipynb": ['{"cells": [], "nbformat": 4}'],
    "Makefile": ["all:\n\techo\n"],
    "Dockerfile": ["FROM x\n"],
    "setup.bat": ["echo\n"],
}


def make(out):
    for name, content in GOOD.items():
        if content is not None:
            out.good(f"text-{name}", name, content)
    for name, values in BAD.items():
        for number, value in enumerate(values):
            out.bad(f"text-{name}-{number}", name, json.dumps(value))
    for name, values in BAD_TEXTS.items():
        for number, value in enumerate(values):
            out.bad(f"text-{name}-more-{number}", name, value)
    code = compile("import os", "x", "exec")
    out.bad("code-bytecode", "module.pyc", b"\xa7\r\r\n" + b"\0" * 12 + marshal.dumps(code))
    out.bad("code-bytecode-as-bin", "weights.bin", b"\xa7\r\r\n" + b"\0" * 12 + marshal.dumps(code))
    for name in ("libx.so", "weights.bin", "model.onnx"):
        out.bad(f"code-native-{name}", name, b"\x7fELF\x02\x01\x01" + b"\0" * 200)
    for name in ("setup.exe", "model.bin"):
        out.bad(f"code-windows-{name}", name, b"MZ\x90\x00\x03" + b"\0" * 200)
