"""Calculators of a potential's reference labels, by `potential_training.reference.calculator`."""

from dataclasses import dataclass

from ionshift.core.registry import Entry, Registry


@dataclass(frozen=True)
class ReferenceCalculator(Entry):
    """A function compute(atoms, settings, attempt), see `potential_training.references`.

    settings : keys of `potential_training.reference` that change its numbers, besides max_cycles
    environment : file in envs/
    minutes : of a label of a frame of 100 to 150 atoms, one process
    cut : function cut(frame, charges, n_atoms) that makes a cluster of a frame, for a calculator
        of molecules, which gives no stress; None for a periodic one
    """

    settings: tuple[str, ...] = ()
    environment: str = "potential_tblite.yaml"
    packages: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()
    minutes: float = 10
    cut: str | None = None

    @property
    def of_clusters(self) -> bool:
        """Whether it labels clusters in vacuum instead of periodic frames."""
        return self.cut is not None


REFERENCES: Registry[ReferenceCalculator] = Registry(
    "potential_training.reference.calculator",
    ReferenceCalculator(
        "tblite",
        "ionshift.potential_training.references.tblite:compute",
        settings=("method", "accuracy", "electronic_temperature_K"),
        packages=("tblite",),
        minutes=0.5,
    ),
    ReferenceCalculator(
        "cp2k",
        "ionshift.potential_training.references.cp2k:compute",
        settings=(
            "functional",
            "dispersion",
            "basis",
            "pseudopotential",
            "cutoff_Ry",
            "relative_cutoff_Ry",
            "scf_conv",
        ),
        executables=("cp2k.psmp",),
        minutes=60,
    ),
    ReferenceCalculator(
        "pyscf",
        "ionshift.potential_training.references.pyscf:compute",
        settings=("functional", "dispersion", "gaussian_basis", "grid_level", "cluster_atoms"),
        environment="reference_pyscf.yaml",
        packages=("pyscf",),
        minutes=10,
        cut="ionshift.dft.pyscf_clusters:cut",
    ),
)
