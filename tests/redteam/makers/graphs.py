"""ONNX and GGUF, written by their own libraries, with operators, files and templates that reach beyond the model."""

import tempfile
from pathlib import Path

import gguf
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

TEMPLATES = {
    "plain": "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}{% if add_generation_prompt %}assistant:{% endif %}",
    "trimmed": "{{ bos_token }}{%- for message in messages -%}{{ message.content | trim }}{{ eos_token }}{%- endfor -%}",
    "checked": "{% if messages[0]['role'] == 'system' %}{% set start = 1 %}{% else %}{% set start = 0 %}{% endif %}{{ raise_exception('no') if start > 1 else '' }}",
}
TEMPLATES["tools"] = (
    "{%- set ns = namespace(last=messages|length - 1) %}{%- for message in messages[::-1] %}{%- set index = (messages|length - 1) - loop.index0 %}"
    "{%- if message.role == 'user' and not message.content.startswith('<tool_response>') %}{%- set ns.last = index %}{%- endif %}{%- endfor %}"
    "{%- for message in messages %}{%- set content = message.content if message.content is string else '' %}{%- if '</think>' in content %}"
    "{%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1] %}{%- set content = content.split('</think>')[-1] %}{%- endif %}"
    "{%- if loop.first or messages[loop.index0 - 1].role != 'tool' %}{{- '<|im_start|>' + message['role'] + '\\n' + content }}{%- endif %}"
    "{%- for name, value in message.tool_calls[0].function.arguments | items %}{{- name + '=' + message.arguments[name]|tojson }}{%- endfor %}{%- endfor %}"
)
INJECTIONS = {
    "class": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals": "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "attr": "{{ ''|attr('__class__') }}",
    "attr-joined": "{{ ''|attr(['_'*2,'class','_'*2]|join) }}",
    "lipsum": "{{ lipsum['__globals__']['os'].popen('id') }}",
    "hex": "{{ ''['\\x5f\\x5fclass\\x5f\\x5f'] }}",
    "include": "{% include '/etc/passwd' %}",
    "import": "{% import 'x' as y %}",
    "self": "{{ self._TemplateReference__context }}",
    "format": "{{ '%c%c'|format(95,95) }}",
    "namespace": "{{ namespace.__init__.__globals__ }}",
    "getattr": "{{ messages.getattr('x') }}",
    "request": "{{ request.application.__globals__ }}",
    "computed": "{{ ''['x_x_classx_x_x'.replace('x','')] }}",
    "computed-before": "{% set k = 'x_x_classx_x_x'.replace('x','') %}{{ ''[k] }}",
    "computed-filter": "{{ ['']|map('attr','x_x_classx_x_x'.replace('x',''))|list }}",
    "computed-pieces": "{% set s='x_x' %}{% set u=s[1] %}{% set c='class' %}{% set k=u+u+c+u+u %}{{ messages[k] }}",
    "computed-loop": "{% for k in ['x_x_classx_x_x'.replace('x','')] %}{{ messages[k] }}{% endfor %}",
    "computed-namespace": "{% set ns=namespace(k='x_x_classx_x_x'.replace('x','')) %}{{ messages[ns.k] }}",
    "computed-macro": "{% macro m(k) %}{{ messages[k] }}{% endmacro %}{{ m('x_x_cx_x_x'.replace('x','')) }}",
    "computed-attribute": "{{ messages|map(attribute='x_x_x'.replace('x','')) }}",
    "computed-letter": "{{ messages['x_x'[1] ~ 'a'] }}",
    "map-attribute": "{{ [messages]|map(attribute='__class__')|list }}",
}


def model(nodes, initializers=(), *, domains=("",), functions=(), name="g"):
    values = [helper.make_tensor_value_info(key, TensorProto.FLOAT, [None, 4]) for key in ("x", "y")]
    graph = helper.make_graph(nodes, name, values[:1], values[1:], list(initializers))
    opsets = [helper.make_opsetid(domain, 17 if not domain else 1) for domain in domains]
    return helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=9)


def weights(name="w", side=4):
    return numpy_helper.from_array(np.eye(side, dtype=np.float32), name)


def make(out):
    simple = {
        "matmul": [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "gemm": [helper.make_node("Gemm", ["x", "w"], ["y"], transB=1)],
        "relu": [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Relu", ["z"], ["y"])],
        "softmax": [helper.make_node("Softmax", ["x"], ["y"], axis=1)],
        "normal": [helper.make_node("LayerNormalization", ["x", "b"], ["y"])],
    }
    for name, nodes in simple.items():
        made = model(nodes, [weights()] + ([numpy_helper.from_array(np.ones(4, np.float32), "b")] if name == "normal" else []))
        onnx.checker.check_model(made)
        out.good(f"onnx-{name}", "model.onnx", made.SerializeToString())
    out.good(
        "onnx-ml",
        "model.onnx",
        model([helper.make_node("Normalizer", ["x"], ["y"], domain="ai.onnx.ml")], domains=("", "ai.onnx.ml")).SerializeToString(),
    )
    out.good(
        "onnx-microsoft",
        "model.onnx",
        model(
            [helper.make_node("FusedMatMul", ["x", "w"], ["y"], domain="com.microsoft")], [weights()], domains=("", "com.microsoft")
        ).SerializeToString(),
    )
    branch = helper.make_graph([helper.make_node("Identity", ["x"], ["o"])], "b", [], [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)])
    out.good(
        "onnx-if",
        "model.onnx",
        model(
            [helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch)], [numpy_helper.from_array(np.array(True), "c")]
        ).SerializeToString(),
    )
    folder = out.folder("benign", "onnx-external")
    onnx.save_model(
        model(simple["matmul"], [weights(side=64)]),
        folder / "model.onnx",
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location="model.onnx_data",
        size_threshold=0,
    )
    hostile(out)
    ggufs(out)


def hostile(out):
    for domain in ("evil.ops", "com.custom", "ai.onnx.contrib", "org.pytorch.aten", "ai.onnx.ml.x", "AI.ONNX"):
        made = model([helper.make_node("Run", ["x"], ["y"], domain=domain)], domains=("", domain))
        out.bad(f"onnx-domain-{domain}", "model.onnx", made.SerializeToString())
    for operator in ("PyOp", "PythonOp", "ATen", "EPContext", "PyFunc"):
        made = model([helper.make_node(operator, ["x"], ["y"], domain="com.microsoft")], domains=("", "com.microsoft"))
        out.bad(f"onnx-operator-{operator}", "model.onnx", made.SerializeToString())
    places = (
        "../../etc/passwd",
        "/etc/passwd",
        "/proc/self/environ",
        "http://example.com/w",
        "..\\w",
        "a/../../w",
        "C:\\w",
        "\\\\host\\w",
        "missing.bin",
    )
    for number, place in enumerate(places):
        out.bad(f"onnx-external-{number}", "model.onnx", model([helper.make_node("MatMul", ["x", "w"], ["y"])], [outside(place)]).SerializeToString())
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["o"], value=outside("../x"))], "b", [], [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)]
    )
    out.bad(
        "onnx-external-inside", "model.onnx", model([helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)]).SerializeToString()
    )
    inner = helper.make_graph(
        [helper.make_node("Run", ["x"], ["o"], domain="evil")], "b", [], [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)]
    )
    out.bad(
        "onnx-domain-inside", "model.onnx", model([helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)]).SerializeToString()
    )
    body = [helper.make_node("Run", ["x"], ["y"], domain="evil")]
    function = helper.make_function("local", "F", ["x"], ["y"], body, [helper.make_opsetid("", 17), helper.make_opsetid("evil", 1)])
    out.bad(
        "onnx-domain-in-function",
        "model.onnx",
        model([helper.make_node("F", ["x"], ["y"], domain="local")], domains=("", "local"), functions=[function]).SerializeToString(),
    )
    short = weights()
    short.raw_data = short.raw_data[:10]
    out.bad("onnx-short-tensor", "model.onnx", model([helper.make_node("MatMul", ["x", "w"], ["y"])], [short]).SerializeToString())


def outside(place):
    tensor = weights()
    raw = len(tensor.raw_data)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", place), ("offset", "0"), ("length", str(raw))):
        tensor.external_data.add(key=key, value=value)
    return tensor


def written(fill) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        fill(writer)
        writer.add_tensor("w", np.arange(64, dtype=np.float32).reshape(2, 32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path.read_bytes()


def ggufs(out):
    for name, template in TEMPLATES.items():
        out.good(f"gguf-{name}", "model.gguf", written(lambda writer, text=template: writer.add_chat_template(text)))
    out.good("gguf-tokens", "model.gguf", written(lambda writer: writer.add_token_list(["a", "b", "{{ x }}"])))
    out.good("gguf-half", "model.gguf", written(lambda writer: writer.add_tensor("h", np.ones((2, 32), np.float16))))
    for name, template in INJECTIONS.items():
        out.bad(f"gguf-template-{name}", "model.gguf", written(lambda writer, text=template: writer.add_chat_template(text)))
    out.bad(
        "gguf-second-template",
        "model.gguf",
        written(lambda writer: writer.add_chat_template([{"name": "tool_use", "template": INJECTIONS["class"]}])),
    )
    good = written(lambda writer: writer.add_block_count(1))
    out.bad("gguf-tail", "model.gguf", good + b"x" * 64)
    out.bad("gguf-cut", "model.gguf", good[:-20])
    out.bad("gguf-tensors", "model.gguf", good[:8] + b"\xff" * 8 + good[16:])
