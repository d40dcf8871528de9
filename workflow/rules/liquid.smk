from ionshift.config import md as md_settings
from ionshift.core.tables import SCORES
from ionshift.runs import archive, archived
from ionshift.solvation import sampling
from ionshift.systems import electrolyte

# What the stages of a liquid share: its systems, replicas and files.
ARCHIVE = Path(STUDY.inference.archive) if STUDY.inference.archive else None
SYSTEMS = list(STUDY.systems)
WITH_POTENTIAL = STUDY.md.engine == "potential"
REPLICAS = range(STUDY.md.replicas)
N_TO_LABEL = {name: sampling.n_to_label(STUDY.sampling, name) for name in SYSTEMS}
LABELLED_SYSTEMS = [name for name in SYSTEMS if N_TO_LABEL[name]]
SHIPPED = range(len(STUDY.labelling.shipped))
MD_TABLE = f"{TABLES}/md.csv"


wildcard_constraints:
    system="|".join(name.replace(".", r"\.") for name in SYSTEMS),
    replica=r"\d+",
    shard=r"\d+",
    set=r"\d+",


def other_engines(engine):
    """Modules of MD engines that a run with `engine` does not use."""
    return [f"md/engines/{name}.py" for name in ("gromacs", "potential") if name != engine]


def seed_of(wildcards):
    return provenance.derive_seed(STUDY.seed, wildcards.system, wildcards.replica)


def shards(system):
    """Numbers of the labelling jobs of a system."""
    return range(-(-N_TO_LABEL[system] // STUDY.labelling.shard_size))


def templates():
    return [species.template for species in STUDY.electrolyte.species.values()]


def trajectories(wildcards):
    return expand(rules.run_md.output.trajectory, system=wildcards.system, replica=REPLICAS)


def topologies(wildcards):
    return expand(rules.run_md.output.topology, system=wildcards.system, replica=REPLICAS)
