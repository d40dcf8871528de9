"""The conda environments: pins equal to pip's, complete for the rules that use them."""

import ast
import re
import sys
from pathlib import Path

import pytest
import yaml

from ionshift.config.registries.calculators import FAMILIES
from ionshift.config.registries.engines import ENGINES
from ionshift.config.registries.references import REFERENCES
from ionshift.core.provenance import statements_that_run

ROOT = Path(__file__).resolve().parents[3]
SCRIPTS = ROOT / "scripts"
ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
RULE_FILES = sorted((ROOT / "workflow" / "rules").glob("*.smk"))

# conda-forge's name to the name on PyPI, where they differ by more than case and punctuation.
PYPI_NAMES = {
    "matplotlib-base": "matplotlib",
    "pytorch": "torch",
    "pymace": "mace-torch",
    "tblite-python": "tblite",
    "dftd3-python": "dftd3",
}
# GROMACS is not on PyPI; families of potentials whose libraries exclude those of MACE are not
# in the environment that pip makes.
CONDA_ONLY = {"gromacs", "deepmd-kit", "nequip", "sevenn", "chgnet"}
# What `config`, `labels` and the tables import: every stage needs it.
COMMON = {"python", "ase", "numpy", "pandas", "pandera", "pyarrow", "pydantic", "pyyaml"}
# What a user adds by hand where the hardware is (docs/labels.md): imported only when asked for.
BY_HAND = {"cupy", "gpu4pyscf"}
# Module name to the package that brings it, where they differ by more than case and punctuation.
PACKAGE_OF_MODULE = {
    "yaml": "pyyaml",
    "sklearn": "scikit-learn",
    "annotated_types": "pydantic",
    "mpl_toolkits": "matplotlib",
}


class StrictLoader(yaml.SafeLoader):
    """A YAML loader that refuses a key given twice."""


def _mapping_without_repeats(loader, node):
    keys = [loader.construct_object(key) for key, _ in node.value]
    repeated = {key for key in keys if keys.count(key) > 1}
    assert not repeated, f"given twice: {repeated}"
    return loader.construct_mapping(node, deep=True)


StrictLoader.add_constructor(
    yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping_without_repeats
)


def normal(name):
    """PyPI's normal form of a package's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pip_pins():
    lines = (ROOT / "envs" / "requirements.txt").read_text().splitlines()
    pins = [line.split("#")[0].strip() for line in lines]
    return {normal(name): version for name, version in (p.split("==") for p in pins if p)}


def read(path):
    return yaml.load(path.read_text(), Loader=StrictLoader)


def conda_pins(path):
    """Package to version specification of one environment file."""
    return dict(entry.split(" ") for entry in read(path)["dependencies"])


def by_stem(path):
    return path.stem


def test_there_is_an_environment_for_every_stage():
    assert {"md", "dft", "ml", "analysis", "figures", "workflow"} <= {p.stem for p in ENVIRONMENTS}


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=by_stem)
def test_channels_leave_out_the_defaults(path):
    bioconda = ["bioconda"] if path.stem == "workflow" else []
    assert read(path)["channels"] == ["conda-forge", *bioconda, "nodefaults"]


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=by_stem)
def test_every_package_is_pinned_once(path):
    dependencies = read(path)["dependencies"]
    for entry in dependencies:
        assert re.fullmatch(r"python =3\.\d+|[a-z0-9_-]+ ==\d[\w.]*", entry), entry
    assert len(conda_pins(path)) == len(dependencies)


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=by_stem)
def test_pins_equal_those_of_pip(path):
    expected = pip_pins()
    for name, version in conda_pins(path).items():
        if name != "python" and name not in CONDA_ONLY:
            pypi_name = normal(PYPI_NAMES.get(name, name))
            assert version == f"=={expected[pypi_name]}", name


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=by_stem)
def test_common_packages_are_everywhere(path):
    assert set(conda_pins(path)) >= COMMON


def test_python_is_the_same_everywhere_and_allowed_by_the_project():
    versions = {conda_pins(path)["python"] for path in ENVIRONMENTS}
    assert len(versions) == 1
    least = re.search(r'requires-python = ">=3\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert int(versions.pop().removeprefix("=3.")) >= int(least[1])


def test_gromacs_environment_is_md_and_gromacs():
    md = conda_pins(ROOT / "envs" / "md.yaml")
    both = conda_pins(ROOT / "envs" / "md_gromacs.yaml")
    assert {name: both[name] for name in both if name != "gromacs"} == md


@pytest.mark.parametrize("kind", FAMILIES.names())
def test_every_kind_of_potential_has_an_environment_made_of_md_and_its_package(kind):
    md = conda_pins(ROOT / "envs" / "md.yaml")
    both = conda_pins(ROOT / "envs" / f"potential_{kind}.yaml")
    assert {name: both.get(name) for name in md} == md
    added = {normal(PYPI_NAMES.get(name, name)) for name in set(both) - set(md)}
    packages = FAMILIES.get(kind).packages
    own = set() if packages == ("ase",) else {normal(name) for name in packages}
    assert added == own


# ------------------------------------------------------------- rules and what they import


def local_files(module):
    """Files of a module of this repository (library or scripts), packages' `__init__` included."""
    parts = module.split(".")
    paths = [SCRIPTS.joinpath(*parts[: i + 1]) for i in range(len(parts))]
    candidates = [p.with_suffix(".py") for p in paths] + [p / "__init__.py" for p in paths]
    return {path for path in candidates if path.is_file()}


def imported_modules(path):
    names = set()
    for node in statements_that_run(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def packages_behind(script, without=()):
    """Third-party packages that a script and the modules behind it import, to their importers.

    Modules `without` are left out, with what they alone import.
    """
    waiting, seen, packages = {script}, set(without), {}
    while waiting:
        path = waiting.pop()
        seen.add(path)
        for module in imported_modules(path):
            files = local_files(module)
            top = module.split(".")[0]
            if files:
                waiting |= files - seen
            elif top not in sys.stdlib_module_names and not (SCRIPTS / top).exists():
                package = PACKAGE_OF_MODULE.get(top, normal(top))
                packages.setdefault(package, set()).add(path.relative_to(ROOT).as_posix())
    packages.pop("snakemake", None)
    return packages


def environments_named(name):
    """Environments that a name stands for; one with {...} in it for several."""
    pattern = re.sub(r"{[^}]*}", "*", name)
    return [path.stem for path in ENVIRONMENTS if path.match(f"{pattern}.yaml")]


def of_entries(directive):
    """Environments of the registry's entries that a conda directive asks."""
    entries = []
    if "engine_environment(" in directive:
        entries += [*ENGINES, *FAMILIES]
    if "REFERENCE.environment" in directive:
        entries += REFERENCES
    if "_FAMILY.environment" in directive:
        entries += FAMILIES
    return [Path(entry.environment).stem for entry in entries if entry.environment]


def rules_with_scripts():
    """(rule, environment files, script) of every rule that runs a script in an environment."""
    found = []
    for path in RULE_FILES:
        for part in re.split(r"^rule ", path.read_text(), flags=re.M)[1:]:
            script = re.search(r'script:\s+"\.\./\.\./(scripts/\w+/\w+\.py)"', part)
            conda = re.search(r"\n    conda:\n((?:        .*\n)+)", part)
            if script and conda and (ROOT / script[1]).is_file():
                names = re.findall(r"envs/([\w{}.]+)\.yaml", conda[1])
                environments = of_entries(conda[1])
                environments += [one for name in names for one in environments_named(name)]
                found.append((part.split(":")[0], environments, ROOT / script[1]))
    return found


@pytest.mark.parametrize(
    ("environments", "script"),
    [pytest.param(envs, script, id=rule) for rule, envs, script in rules_with_scripts()],
)
def test_environment_has_what_the_rules_script_imports(environments, script):
    assert environments, "no environment file of envs/ found in the rule's conda directive"
    for environment in environments:
        pins = conda_pins(ROOT / "envs" / f"{environment}.yaml")
        present = {normal(PYPI_NAMES.get(name, name)) for name in pins} | BY_HAND
        missing = {p: by for p, by in packages_behind(script).items() if p not in present}
        assert not missing, f"envs/{environment}.yaml"


def test_what_comes_by_hand_is_imported_inside_functions():
    """A module that needs it can be imported without it."""
    for path in (SCRIPTS / "ionshift").rglob("*.py"):
        top = {
            (alias.name if isinstance(node, ast.Import) else node.module or "").split(".")[0]
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not top & BY_HAND, path


def test_workflow_environment_has_what_the_snakefile_imports():
    """What `runs/before_run` needs beyond is asked where it is installed alone."""
    pins = {normal(name) for name in conda_pins(ROOT / "envs" / "workflow.yaml")}
    asks = SCRIPTS / "ionshift/runs/before_run.py"
    missing = {}
    for module in (
        "core/provenance",
        "runs/archive",
        "runs/crate",
        "runs/preflight",
        "runs/status",
        "studies/documentation",
    ):
        path = SCRIPTS / "ionshift" / f"{module}.py"
        behind = packages_behind(path, without={asks})
        missing |= {p: by for p, by in behind.items() if p not in pins}
    assert not missing
