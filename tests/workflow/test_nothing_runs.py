"""Nothing that is read is run: the library and its scripts have no call that would do so."""

import ast

import pytest

from workflows import ROOT

SOURCES = sorted((ROOT / "workflow").rglob("*.py"))
MODULES = {"pickle", "marshal", "shelve", "dill", "joblib", "cloudpickle"}
CALLS = {"eval", "exec", "compile", "__import__", "system", "popen"}
CALLS |= {"extractall", "unsafe_load", "full_load", "read_pickle"}
# What a call has to say, by the end of its name.
NEEDED = {"torch.load": ("weights_only", "True"), "np.load": ("allow_pickle", "False")}
LOADERS = ("config_schema.Loader", "Loader", "yaml.SafeLoader")


def dangers(source: str) -> list[str]:
    """The lines of a source that could run what they read."""
    result = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                bad = any(name.name.split(".")[0] in MODULES for name in names)
            case ast.ImportFrom(module=str(module)):
                bad = module.split(".")[0] in MODULES
            case ast.Call():
                bad = _runs(node)
            case ast.keyword(arg="trust_remote_code", value=value) | ast.keyword(arg="shell", value=value):
                bad = ast.unparse(value) != "False"
            case ast.Dict(keys=keys, values=values):
                named = zip(keys, values, strict=True)
                bad = any(
                    isinstance(key, ast.Constant) and key.value == "trust_remote_code" and ast.unparse(value) != "False"
                    for key, value in named
                )
            case _:
                bad = False
        result += [ast.unparse(node)] if bad else []
    return result


def _runs(call: ast.Call) -> bool:
    name, words = ast.unparse(call.func), {word.arg: ast.unparse(word.value) for word in call.keywords}
    if name.endswith(".compile"):  # of patterns and models
        return False
    if name.split(".")[-1] in CALLS and call.args:  # `model.eval()` runs nothing
        return True
    if name in ("yaml.load", "yaml.load_all"):
        return [*map(ast.unparse, call.args[1:]), words.get("Loader")][0] not in LOADERS
    for end, (word, value) in NEEDED.items():
        if f".{name}".endswith(f".{end}"):
            return words.get(word) != value
    return False


@pytest.mark.parametrize(
    "line",
    [
        "import pickle", "from pickle import loads", "eval(text)", "exec(text)", "os.system(text)", "torch.load(path)",
        "torch.load(path, weights_only=False)", "np.load(path)", "np.load(path, allow_pickle=True)", "yaml.load(text)",
        "yaml.load(text, yaml.Loader)", "yaml.load(text, Loader=yaml.FullLoader)", "yaml.unsafe_load(text)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)", "options = {'trust_remote_code': trusted}",
        "archive.extractall(folder)", "pd.read_pickle(path)", "run(text, shell=True)",
    ],
)  # fmt: skip
def test_a_danger_is_seen(line):
    assert dangers(line)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "workflow")))
def test_no_source_has_one(path):
    assert not dangers(path.read_text())


def test_models_are_loaded_without_code_of_their_own():
    """The options of each loader of transformers; PEFT's configuration is a JSON file, with no code beside it."""
    loads = []
    for path in SOURCES:
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        texts = [ast.unparse(call) for call in calls if ast.unparse(call.func).endswith(".from_pretrained")]
        loads += [(path.name, text) for text in texts if not text.startswith("PeftConfig.")]
    assert sorted(name for name, _ in loads) == ["answers.py", "causal_lm.py", "causal_lm.py", "release.py", "trial.py"]
    assert all("trust_remote_code=False" in text for _, text in loads)
