"""Which names a format may go by, and which names promise code."""

WEIGHTS = {".pt", ".pth", ".bin", ".ckpt"}
PICKLES = WEIGHTS | {".pkl", ".pickle", ".joblib", ".sav", ".dill"}
TEXTS = {"", ".txt", ".md", ".rst", ".csv", ".tsv", ".yaml", ".yml", ".jinja", ".jinja2", ".jsonl", ".cff", ".bib", ".in", ".tiktoken", ".vocab",
         ".log"}  # fmt: skip
BOOSTERS = {".model", ".xgb"}
LISTS = {".lgb", ".lgbm"}

NAMES: dict[str, set[str]] = {
    "safetensors": {".safetensors"},
    "gguf": {".gguf"},
    "onnx": {".onnx"},
    "pickle": PICKLES,
    "torch-zip": WEIGHTS,
    "npy": {".npy"},
    "npz": {".npz", ".zip"},
    "hdf5": {".h5", ".hdf5", ".keras"},
    "keras": {".keras"},
    "tensorflow": {".pb", ".meta"},
    "tensor-index": {".index"},
    "sentencepiece": {".model", ".spm"},
    "ubjson": {".ubj"} | BOOSTERS,
    "lightgbm": {".txt", ".model"} | LISTS,
    "json": TEXTS | {".json"} | BOOSTERS,
    "xml": {".xml", ".pmml"},
    "text": TEXTS,
    "zip": {".zip"},
    "tar": {".tar"},
}
PACKED = {"gz", "bz2", "xz", "lzma", "zlib"}
ENDINGS = {ending for endings in NAMES.values() for ending in endings}

CODE_NAMES = {".py", ".pyw", ".pyc", ".pyo", ".pyd", ".pyx", ".pyz", ".pth.py", ".so", ".dll", ".dylib", ".exe", ".sh", ".bash", ".zsh", ".bat",
              ".cmd", ".ps1", ".js", ".mjs", ".jar", ".class", ".ipynb", ".wasm", ".lua", ".pl", ".rb", ".r", ".vbs", ".scr", ".com", ".whl",
              ".egg", ".mar", ".node", ".cu", ".c", ".cpp", ".o", ".a", ".ko", ".deb", ".rpm", ".msi", ".apk"}  # fmt: skip
# Names without an ending that programs run.
CODE_FILES = {"dockerfile", "containerfile", "makefile", "jenkinsfile", "procfile", "rakefile", "gemfile", "justfile", "snakefile"}
CODE_FORMATS = {"python": "Python code", "bytecode": "compiled Python code", "script": "a script", "native": "a native program or library",
                "notebook": "a notebook"}  # fmt: skip
TITLES = {"safetensors": "a safetensors file", "gguf": "a GGUF model", "onnx": "an ONNX model", "pickle": "a pickle", "text": "text",
          "torch-zip": "a torch file", "zip": "a zip file", "hdf5": "an HDF5 file", "json": "JSON", "npy": "a NumPy array",
          "npz": "a zip of NumPy arrays", "keras": "a Keras model", "tensorflow": "a TensorFlow graph", "xml": "XML",
          "tensor-index": "an index of TensorFlow variables", "sentencepiece": "a SentencePiece vocabulary", "ubjson": "UBJSON",
          "lightgbm": "a LightGBM model", "tar": "a tar archive", "gz": "gzip data", "bz2": "bzip2 data", "xz": "xz data", "lzma": "lzma data",
          "zlib": "zlib data", "7z": "a 7z archive", "rar": "a RAR archive", "zstd": "zstd data", "lz4": "lz4 data",
          "unknown": "of an unknown kind"} | CODE_FORMATS  # fmt: skip
