"""Families of ASE calculators behind a potential, by `potential.kind`."""

from dataclasses import dataclass
from typing import Literal

from ionshift.core.registry import Entry, Registry


@dataclass(frozen=True)
class Family(Entry):
    """A function (potential, device) -> calculator, symbols that it knows or None.

    Each family is one module of `ionshift.potentials.families`.

    packages : on PyPI; the first one brings the calculator
    model : what `model` is: a file, one of `methods`, a callable of the user, or nothing
    model_words : the same for a message
    cpu_only : it has no code for a GPU
    """

    packages: tuple[str, ...] = ()
    model: Literal["file", "method", "callable", "none"] = "file"
    model_words: str = "a file"
    methods: tuple[str, ...] = ()
    cpu_only: bool = False

    @property
    def environment(self) -> str:
        """Its file in envs/."""
        return f"potential_{self.name}.yaml"


_HOME = "ionshift.potentials.families"

FAMILIES: Registry[Family] = Registry(
    "potential.kind",
    Family(
        "mace",
        f"{_HOME}.mace:build",
        ("mace-torch", "torch"),
        model_words="a .model file of mace_run_train",
    ),
    Family(
        "deepmd",
        f"{_HOME}.deepmd:build",
        ("deepmd-kit",),
        model_words="a frozen model (.pth or .pb)",
    ),
    Family(
        "nequip",
        f"{_HOME}.nequip:build",
        ("nequip", "torch"),
        model_words="a model compiled by nequip-compile (--target ase)",
    ),
    Family(
        "sevennet",
        f"{_HOME}.sevennet:build",
        ("sevenn", "torch"),
        model_words="a checkpoint (.pth)",
    ),
    Family(
        "chgnet",
        f"{_HOME}.chgnet:build",
        ("chgnet", "torch"),
        model_words="a checkpoint (.pth.tar)",
    ),
    Family(
        "tblite",
        f"{_HOME}.tblite:build",
        ("tblite",),
        model="method",
        model_words="a method",
        methods=("GFN1-xTB", "GFN2-xTB", "IPEA1-xTB"),
        cpu_only=True,
    ),
    Family(
        "emt", f"{_HOME}.emt:build", ("ase",), model="none", model_words="nothing", cpu_only=True
    ),
    Family(
        "python",
        f"{_HOME}.python:build",
        ("ase",),
        model="callable",
        model_words="a callable as package.module:name or path/to/file.py:name",
    ),
)
