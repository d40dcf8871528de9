"""Engines of molecular dynamics, by `md.engine`."""

from dataclasses import dataclass

from ionshift.core.registry import Entry, Registry


@dataclass(frozen=True)
class Engine(Entry):
    """A program that advances a box; its class is made from a `driver.Job`.

    environment : file in envs/; None for that of the potential's family
    executables : programs that must be on the PATH
    prepared_by : engine that equilibrates the box with the force field before; None for itself
    atom_ns_per_day : slowest measured speed with the force field, atoms times nanoseconds a day
        and core
    """

    environment: str | None = "md.yaml"
    executables: tuple[str, ...] = ()
    uses_potential: bool = False
    prepared_by: str | None = None
    atom_ns_per_day: float = 25_000
    memory_MB: int = 2000

    @property
    def force_field_engine(self) -> str:
        """Name of the engine that runs the stages of the force field."""
        return self.prepared_by or self.name


ENGINES: Registry[Engine] = Registry(
    "md.engine",
    Engine("openmm", "ionshift.md.engines.openmm:OpenMMEngine"),
    Engine(
        "gromacs",
        "ionshift.md.engines.gromacs:GromacsEngine",
        environment="md_gromacs.yaml",
        executables=("gmx",),
        atom_ns_per_day=80_000,
    ),
    Engine(
        "potential",
        "ionshift.md.engines.potential:PotentialEngine",
        environment=None,
        uses_potential=True,
        prepared_by="openmm",
        memory_MB=4000,
    ),
)


def classical() -> list[str]:
    """Names of the engines that know the force field alone."""
    return [engine.name for engine in ENGINES if not engine.uses_potential]
