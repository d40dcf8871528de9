from ionshift.config.registries.calculators import FAMILIES
from ionshift.config.registries.descriptors import DESCRIPTORS
from ionshift.config.registries.engines import ENGINES
from ionshift.config.registries.recipes import RECIPES
from ionshift.config.registries.samplers import SAMPLERS
from ionshift.core.tables import SCORES
from ionshift.runs import archive, archived
from ionshift.solvation import sampling
from ionshift.systems import electrolyte
from ionshift.systems.chemistry import chemistry

# What the stages of a liquid share: its systems, replicas and files.
ARCHIVE = Path(STUDY.inference.archive) if STUDY.inference.archive else None
SYSTEMS = list(STUDY.systems)
ENGINE = ENGINES.get(STUDY.md.engine)
RECIPE = RECIPES.get(STUDY.model.recipe)
DESCRIPTOR = DESCRIPTORS.get(STUDY.descriptor.kind)
SAMPLER = SAMPLERS.get(STUDY.sampling.method)
WITH_POTENTIAL = ENGINE.uses_potential
# What the MD takes from registries: a potential's engine, and the family behind it.
MD_ENTRIES = [ENGINE, *([FAMILIES.get(STUDY.potential.kind)] if WITH_POTENTIAL else [])]
REPLICAS = range(STUDY.md.replicas)
N_TO_LABEL = {name: sampling.n_to_label(STUDY.sampling, name) for name in SYSTEMS}
LABELLED_SYSTEMS = [name for name in SYSTEMS if N_TO_LABEL[name]]
SHIPPED = range(len(STUDY.labelling.shipped))
MD_TABLE = f"{TABLES}/md.csv"

# They change no result, so they are no parameters: threads and resources say how a job runs.
HOW_MD_RUNS = ["replicas", "threads", "platform", "checkpoint_interval_ps"]


wildcard_constraints:
    system="|".join(name.replace(".", r"\.") for name in SYSTEMS),
    replica=r"\d+",
    shard=r"\d+",
    set=r"\d+",


def engine_environment(engine, potential):
    """Environment file of an MD engine, from the folder of the rules."""
    return f"../../envs/{engine.environment or FAMILIES.get(potential.kind).environment}"


def seed_of(wildcards):
    return provenance.derive_seed(STUDY.seed, wildcards.system, wildcards.replica)


def contents_of(system):
    """What the MD needs to know of a system; where its boxes come from is an input."""
    return system.model_dump(exclude={"starts"})


def start_of(system, replica):
    """The box that a replica starts from, as a list; empty if one is packed."""
    return system.starts[int(replica) : int(replica) + 1]


def shards(system):
    """Numbers of the labelling jobs of a system."""
    return range(-(-N_TO_LABEL[system] // STUDY.labelling.shard_size))


def templates():
    return [species.template for species in STUDY.electrolyte.species.values()]


def trajectories(wildcards):
    return expand(rules.run_md.output.trajectory, system=wildcards.system, replica=REPLICAS)


def topologies(wildcards):
    return expand(rules.run_md.output.topology, system=wildcards.system, replica=REPLICAS)


def summaries(wildcards):
    return expand(rules.run_md.output.summary, system=wildcards.system, replica=REPLICAS)


def how_md_runs(md):
    """Resources of an MD job that are settings of its engine."""
    return {
        "platform": md.platform,
        "checkpoint_interval_ps": f"{md.checkpoint_interval_ps:g}",
    }


def md_parameters(md):
    """The settings of an MD that change its result."""
    return md.model_dump(mode="json", exclude={*HOW_MD_RUNS})
