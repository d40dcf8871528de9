"""Wrong configurations: what is broken, where it must stop, what the message must name.

One row is one mistake. `LOAD` stops when the configuration is read, `CHECK` when it is held
against the study's files (also in a dry run), `BEFORE` before the first job.
"""

from typing import Any, NamedTuple

import pytest
import yaml

from ionshift.core.errors import InputError
from ionshift.studies import registry
from molecules import ROOT
from studies import spoil

LOAD, CHECK, BEFORE = "load", "check", "before the first job"
NAN, INF = float("nan"), float("inf")
STUDIES = {"liquid": "config/config.yaml", "potential": "config/lifsi_dme_potential.yaml"}
TIGHT = "labelling.protocols.tight"
TRAINING = "potential_training"
REMOVED = object()


class Row(NamedTuple):
    """A key, its wrong value, where it must stop and words that the message must have."""

    key: str
    value: Any
    stop: str
    words: tuple[str, ...]
    study: str = "liquid"
    more: dict[str, Any] = {}  # noqa: RUF012


def row(key, value, *words, stop=LOAD, study="liquid", **more):
    return Row(key, value, stop, words, study, {k.replace("__", "."): v for k, v in more.items()})


def potential(key, value, *words, stop=LOAD, **more):
    return row(key, value, *words, stop=stop, study="potential", **more)


ROWS = [
    # --- names
    row("study", "label_store", "study = 'label_store'", "labelling.store", "another name"),
    row("study", "Elf_Store", "study = 'Elf_Store'", "elf.store", "another name"),
    row("study", "relaxation_store", "relaxation_store", "geometry_optimization.store"),
    row("study", "reference_store", "reference_store", "potential_training.store"),
    row("study", "--help", "study = '--help'", "letters, digits, - and _"),
    row("study", "-rf", "study = '-rf'", "a letter or digit first"),
    row("study", ".hidden", "study = '.hidden'", "a letter or digit first"),
    row("study", "demo; rm -rf x", "study = 'demo; rm -rf x'", "letters, digits"),
    row("study", "$(touch x)", "study = '$(touch x)'", "letters, digits"),
    row("study", "a b", "study = 'a b'", "letters, digits"),
    row("study", "../demo", "study = '../demo'", "letters, digits"),
    row("study", "demo\n", "study = 'demo\\n'", "letters, digits"),
    row("study", "", "study = ''", "letters, digits"),
    row("study", "x" * 300, "study = 'xxx", "64 characters"),
    row("study", 2025, "study = 2025", "valid string"),
    row("study", True, "study = True", "in quotes"),
    row("systems.-1M", {}, "systems.-1M", "letters, digits and dots"),
    row("kind", "solid", "kind = 'solid'", "no such kind", "liquid_nmr"),
    row("kind", ["liquid_nmr"], "kind = ['liquid_nmr']", "no such kind"),
    row("seed", -1, "seed = -1", "greater than or equal to 0"),
    row("seed", 2**31, "seed = 2147483648", "less than 2147483648"),
    row("seed", 1.5, "seed = 1.5", "valid integer"),
    # --- electrolyte, systems
    row("electrolyte.species.LI.charge", "abc", "electrolyte.species.LI.charge = 'abc'", "integer"),
    row("electrolyte.species.LI.charge", True, "species.LI.charge = True", "give a number"),
    row("electrolyte.species.LI.role", "salt", "species.LI.role = 'salt'", "'cation', 'anion'"),
    row("electrolyte.species.LI.template", REMOVED, "LI.template: this key is needed", "add it"),
    row("electrolyte.species.LI.template", "", "LI.template = ''", "is empty"),
    row("electrolyte.species.LI.template", "a\0b", "LI.template", "control characters"),
    row("electrolyte.species", {}, "electrolyte.species = {}", "at least 1"),
    row("electrolyte.forcefield", ["a.xml"], "electrolyte.forcefield = ['a.xml']", "string"),
    row("electrolyte.mixing", "arithmetic", "electrolyte.mixing = 'arithmetic'", "geometric"),
    row("electrolyte.ion_charge_scale", 0, "ion_charge_scale = 0", "greater than 0"),
    row("electrolyte.ion_charge_scale", 1.2, "ion_charge_scale = 1.2", "equal to 1"),
    row("electrolyte.nucleus", False, "electrolyte.nucleus = False", "in quotes"),
    row("electrolyte.nucleus", "Na", "electrolyte.nucleus = 'Na'", "(LI)", stop=CHECK),
    row("systems", {}, "systems = {}", "at least 1"),
    row("systems.1M.counts.DME", 5.5, "systems.1M.counts.DME = 5.5", "integer"),
    row("systems.1M.counts.DME", "many", "systems.1M.counts.DME = 'many'", "integer"),
    row("systems.1M.density_g_cm3", REMOVED, "systems.1M.density_g_cm3", "needed", "add it"),
    row("systems.1M.density_g_cm3", 0, "systems.1M.density_g_cm3 = 0", "greater than 0"),
    row("systems.1M.density_g_cm3", NAN, "systems.1M.density_g_cm3 = nan", "finite"),
    row("systems.1M.density_g_cm3", 1e9, "packmol finds no packing", "give at most", stop=CHECK),
    # --- md
    row("md.pressure_bar", NAN, "md.pressure_bar = nan", "finite"),
    row("md.pressure_bar", "nan", "md.pressure_bar = 'nan'", "finite"),
    row("md.pressure_bar", -INF, "md.pressure_bar = -inf", "finite"),
    row("md.pressure_bar", True, "md.pressure_bar = True", "give a number"),
    row("md.platform", "GPU", "md.platform = 'GPU'", "'CUDA'"),
    row("md.threads", 0, "md.threads = 0", "greater than or equal to 1"),
    row("md.replicas", 10**9, "md.replicas = 1000000000", "equal to 1000"),
    row("systems.1M.starts", "a.pdb", "systems.1M.starts = 'a.pdb'", "valid list"),
    row("systems.1M.starts", ["a.pdb", "a.pdb"], "systems.1M.starts", "'a.pdb' stands twice"),
    row("systems.1M.starts", ["gone.pdb"], "starts[0] = 'gone.pdb'", "no such file", stop=CHECK),
    row(
        "systems.1M.starts",
        ["resources/molecules/DME.pdb"],
        "systems.1M.starts[0]",
        "16 atoms of {'DME': 1}",
        "counts says",
        stop=CHECK,
    ),
    row(
        "systems.1M.starts",
        ["a.pdb", "b.pdb"],
        "systems.1M.starts: 2 boxes for 3 replicas",
        stop=CHECK,
        md__replicas=3,
    ),
    row("md.hydrogen_mass_amu", 0.5, "md.hydrogen_mass_amu = 0.5", "equal to 1"),
    row(
        "md.production_ps",
        1e300,
        "production_ps = 1e+300",
        "whole multiple",
        md__frame_interval_ps=1e-300,
        md__timestep_fs=1e-297,
    ),
    row("md.production_ps", 0.2, "production_ps = 0.2", "whole multiple"),
    row("md.timestep_fs", 3.0, "frame_interval_ps = 0.5", "timestep_fs = 3"),
    row("md", None, "md = None", "valid"),
    row("md", "openmm", "md = 'openmm'", "valid"),
    # --- shell, structure, dynamics
    row("shell.ligand_elements", [], "shell.ligand_elements = []", "at least 1"),
    row("shell.ligand_elements", ["O", "O"], "ligand_elements", "'O' is named twice"),
    row("shell.ligand_elements", ["Oxygen"], "ligand_elements.0 = 'Oxygen'", "element symbol"),
    row(
        "shell.ligand_elements",
        ["Cl"],
        "shell.ligand_elements",
        "element Cl",
        "take C, F, H",
        stop=CHECK,
    ),
    row(
        "shell.ligand_elements",
        ["Li"],
        "shell.ligand_elements = Li",
        "no solvent or anion",
        stop=CHECK,
    ),
    row("shell.rdf_bin_A", 9.0, "rdf_bin_A = 9", "rdf_max_A = 8", "narrower"),
    row("shell.cutoff_A", 0, "shell.cutoff_A = 0", "greater than 0"),
    row("structure.lsi_edges_A2", [0.0], "structure.lsi_edges_A2 = [0.0]", "at least 2"),
    row("structure.lsi_edges_A2", [0.0, NAN], "structure.lsi_edges_A2.1 = nan", "finite"),
    row("structure.lsi_cutoff_offsets_A", [0.0, INF], "offsets_A.1 = inf", "finite"),
    row("structure.lsi_frame_stride", 0, "structure.lsi_frame_stride = 0", "equal to 1"),
    row("dynamics.fit_share", [0.3, 0.1], "fit_share = [0.3, 0.1]", "must rise"),
    row("dynamics.fit_share", [0.1], "dynamics.fit_share.1", "needed"),
    row("dynamics.fit_share", [NAN, 0.3], "dynamics.fit_share.0 = nan", "finite"),
    row("dynamics.max_lag_share", 1.0, "dynamics.max_lag_share = 1.0", "less than 1"),
    row("dynamics.viscosity_mPa_s", {"1M": INF}, "viscosity_mPa_s.1M = inf", "finite"),
    row("dynamics.viscosity_mPa_s", {"1M": True}, "viscosity_mPa_s", "give a number"),
    # --- sampling, labelling
    row("sampling.n_clusters", -1, "sampling.n_clusters = -1", "equal to 0"),
    row("sampling.n_clusters", 500, "pool_size = 200", "n_clusters = 500", "raise it"),
    row(
        "sampling.n_clusters",
        2000,
        "sampling.n_clusters = 2000",
        "960 environments",
        "system 1M",
        "lengthen md.production_ps",
        stop=CHECK,
        sampling__pool_size=2000,
    ),
    row("sampling.frame_stride", 0, "sampling.frame_stride = 0", "equal to 1"),
    row("sampling.chosen", "round.csv", "sampling.chosen = 'round.csv'", "valid list"),
    row("sampling.chosen", ["a.csv", "a.csv"], "sampling.chosen", "'a.csv' is named twice"),
    row(
        "labelling.shipped",
        ["none.extxyz"],
        "labelling.shipped[0] = 'none.extxyz'",
        "no such",
        stop=CHECK,
    ),
    row(
        "labelling.shipped",
        ["resources/labels/lifsi_dme_reference.extxyz"],
        "labelling",
        "in shipped and in reference_labels",
        "out of one",
    ),
    row("labelling.nuclei", ["H", "H"], "labelling.nuclei", "'H' is named twice"),
    row("labelling.nuclei", ["P"], "labelling.nuclei", "element P", "take C, F, H", stop=CHECK),
    row("labelling.device", "cuda", "labelling.device = 'cuda'", "'gpu'"),
    row("labelling.store", "", "labelling.store = ''", "is empty"),
    row("labelling.store", "results/demo", "results/demo", "labelling.store", "folder"),
    row("labelling.store", "results", "study = 'demo'", "labelling.store = 'results'"),
    row("labelling.min_ok_share", NAN, "labelling.min_ok_share = nan", "finite"),
    row("labelling.protocols", {"a b": {}}, "labelling.protocols.a b", "letters, digits"),
    row(
        f"{TIGHT}.functional",
        "b3lpy",
        f"{TIGHT}.functional",
        "'b3lpy' is not known",
        "libxc",
        stop=BEFORE,
        labelling__protocol="tight",
    ),
    row(
        f"{TIGHT}.functional",
        "scan",
        f"{TIGHT}.functional",
        "'scan' is a MGGA",
        stop=BEFORE,
        labelling__protocol="tight",
    ),
    row(f"{TIGHT}.functional", "", f"{TIGHT}.functional = ''", "is empty"),
    row(
        f"{TIGHT}.basis_centre",
        "def2-tzvpx",
        f"{TIGHT}.basis_centre",
        "'def2-tzvpx'",
        "element Li",
        stop=BEFORE,
        labelling__protocol="tight",
    ),
    row(
        f"{TIGHT}.basis_far",
        "lanl2dz",
        f"{TIGHT}.basis_far",
        "'lanl2dz'",
        stop=BEFORE,
        labelling__protocol="tight",
    ),
    row(
        f"{TIGHT}.basis_near",
        "pcS-9",
        f"{TIGHT}.basis_near",
        "'pcS-9'",
        "element F",
        stop=BEFORE,
        labelling__protocol="tight",
    ),
    row(
        f"{TIGHT}.auxbasis",
        "def2-jjfit",
        f"{TIGHT}.auxbasis",
        "'def2-jjfit'",
        stop=BEFORE,
        labelling__protocol="tight",
    ),
    row(f"{TIGHT}.grid_level", 10, f"{TIGHT}.grid_level = 10", "equal to 9"),
    row(f"{TIGHT}.solvent_epsilon", INF, f"{TIGHT}.solvent_epsilon = inf", "finite"),
    row(f"{TIGHT}.near_elements", ["O", "O"], f"{TIGHT}.near_elements", "'O' is named twice"),
    # --- descriptor, model, inference
    row("descriptor.kind", "soup", "descriptor.kind = 'soup'", "did you mean 'soap'"),
    row("descriptor.k3_max_deg", 0.0, "descriptor.k3_max_deg = 0.0", "greater than 0"),
    row("descriptor.n_grid", 10**9, "descriptor.n_grid = 1000000000", "equal to 10000"),
    row(
        "descriptor.n_grid",
        60,
        "n_grid = 60",
        "published 200",
        "use kind: lmbtr",
        stop=CHECK,
        descriptor__kind="lmbtr_published",
    ),
    row("descriptor.normalise", "maybe", "descriptor.normalise = 'maybe'", "valid boolean"),
    row("model.recipe", "mpl", "model.recipe = 'mpl'", "did you mean 'mlp'"),
    row("model.committee_size", 1, "model.committee_size = 1", "equal to 2"),
    row(
        "model.committee_size",
        20,
        "model.committee_size = 20",
        "this study can have 4",
        "labelling.shipped",
        stop=CHECK,
        labelling__shipped=[],
        labelling__reference_labels=[],
    ),
    row("model.committee_size", 900, "model.committee_size = 900", "lower it", stop=CHECK),
    row("model.hidden", [], "model.hidden = []", "at least 1"),
    row("model.hidden", [64, 0], "model.hidden.1 = 0", "equal to 1"),
    row("model.hidden", [64, True], "model.hidden = [64, True]", "give a number"),
    row("model.test_share", 1, "model.test_share = 1", "less than 1"),
    row("model.group_ps", INF, "model.group_ps = inf", "finite"),
    row("inference.archive", "results/none", "results/none", stop=CHECK),
    row("inference.chunk_size", 0, "inference.chunk_size = 0", "equal to 1"),
    # --- spectrum, map, elf, figures
    row("spectrum.range_ppm", [5, -5], "spectrum", "range_ppm = [5, -5]", "swap its ends"),
    row("spectrum.range_ppm", [1, 1], "spectrum", "range_ppm = [1, 1]", "swap its ends"),
    row("spectrum.range_ppm", [-5, INF], "spectrum.range_ppm.1 = inf", "finite"),
    row("spectrum.reference_shielding_ppm", NAN, "reference_shielding_ppm = nan", "finite"),
    row("spectrum.n_blocks", 1, "spectrum.n_blocks = 1", "equal to 2"),
    row("spectrum.n_points", 10**12, "spectrum.n_points", "equal to 1000000"),
    row("spectrum.larmor_MHz", "155,5", "spectrum.larmor_MHz = '155,5'", "valid number"),
    row("spectrum.experiment", "none.csv", "spectrum.experiment", "none.csv", stop=CHECK),
    row("map.n_axes", 2, "map.n_axes = 2", "equal to 3"),
    row("map.n_resamples", 5, "map.n_resamples = 5", "equal to 20"),
    row("elf.isovalue", 1.0, "elf.isovalue = 1.0", "less than 1"),
    row("elf.other_isovalues", [0.3, NAN], "elf.other_isovalues.1 = nan", "finite"),
    row("elf.degree", 42, "elf.degree = 42", "41"),
    row("figures.dpi", 0, "figures.dpi = 0", "equal to 1"),
    row(
        "figures.system_colormap",
        "virdis",
        "figures.system_colormap = 'virdis'",
        "did you mean 'viridis'",
        stop=BEFORE,
    ),
    row(
        "figures.class_colours",
        {"CIP": "#GGGGGG"},
        "figures.class_colours.CIP = '#GGGGGG'",
        "no colour",
        stop=BEFORE,
    ),
    # --- geometry optimization
    row("geometry_optimization", {"shieldings": "learn"}, "shieldings = 'learn'", "'train'"),
    row("geometry_optimization", {"shieldings": "train"}, "shieldings = 'train'", "empty it"),
    row("geometry_optimization", {"fmax_eV_A": 0}, "geometry_optimization.fmax_eV_A = 0"),
    row(
        "geometry_optimization",
        {"potential": {"options": {"charge": 1}}},
        "geometry_optimization",
        "options.charge = 1",
        "remove it",
    ),
    row(
        "geometry_optimization",
        {"potential": {"kind": "mace"}},
        "model is not given",
        "kind mace needs",
    ),
    row(
        "geometry_optimization",
        {"potential": {"kind": "mace", "model": "none.model"}},
        "geometry_optimization.potential.model = 'none.model'",
        "no such file",
        stop=CHECK,
    ),
    # --- potential and its training
    potential("potential.kind", "mase", "potential.kind = 'mase'", "did you mean 'mace'"),
    potential(
        "potential.model",
        "none.model",
        "potential.model = 'none.model'",
        "no such file",
        stop=CHECK,
    ),
    potential("potential.dtype", "float16", "potential.dtype = 'float16'", "float32"),
    potential("potential.options", {"head": [1]}, "potential.options.head", "valid"),
    potential("potential.options", {"cutoff": NAN}, "potential.options.cutoff", "finite"),
    potential("potential.prior", {"charges": {}}, "potential.prior.charges = {}", "at least 1"),
    potential("potential.prior", {"charges": {"Li": NAN}}, "prior.charges.Li = nan", "finite"),
    potential(
        "potential.prior",
        {"charges": {"K": 1.0}},
        "potential.prior.charges",
        "element K",
        stop=CHECK,
        potential_training__prior={"charges": {"K": 1.0}},
    ),
    potential("potential.prior", {"charges": {"Li": 1.0}}, "potential.prior", "make them the same"),
    potential(
        "potential_md.timestep_fs",
        1.9,
        "potential_md.timestep_fs = 1.9",
        "1.41 fs",
        stop=CHECK,
        md__frame_interval_ps=0.19,
        md__production_ps=19,
        md__checkpoint_interval_ps=1.9,
    ),
    potential("potential_md.timestep_fs", 0.3, "md.frame_interval_ps = 0.1", "timestep_fs = 0.3"),
    potential("potential_md.largest_bond_factor", 1, "largest_bond_factor = 1", "greater than 1"),
    potential(
        f"{TRAINING}.md.cutoff_A",
        6,
        f"{TRAINING}.md.cutoff_A = 6",
        "half the training box",
        stop=CHECK,
    ),
    potential(f"{TRAINING}.md.engine", "potential", "md.engine = 'potential'", "openmm or gromacs"),
    potential(
        f"{TRAINING}.frames.n_frames",
        500,
        f"{TRAINING}.frames.n_frames = 500",
        "gives 150 frames",
        stop=CHECK,
    ),
    potential(
        f"{TRAINING}.frames.n_distorted",
        151,
        "frames.n_distorted = 151",
        "gives 150 frames",
        stop=CHECK,
    ),
    potential(f"{TRAINING}.frames.strain", 0.2, f"{TRAINING}.frames.strain = 0.2", "less than 0.2"),
    potential(
        f"{TRAINING}.model.group_ps", 1000, "model.group_ps = 1000", "leaves 1 groups", stop=CHECK
    ),
    potential(f"{TRAINING}.model.backend", "nequip", "model.backend = 'nequip'", "'mace'"),
    potential(f"{TRAINING}.model.learning_shares", [0.5, 0.5], "learning_shares", "named twice"),
    potential(
        f"{TRAINING}.model.learning_shares", [0.5, 0.5001], "learning_shares", "three decimals"
    ),
    potential(f"{TRAINING}.model.committee_size", 1, "committee_size is 1", "take 2 or more"),
    potential(
        f"{TRAINING}.exploration.production_ps",
        0.01,
        "production_ps = 0.01",
        "frame_interval_ps = 0.02",
    ),
    potential(
        f"{TRAINING}.exploration.deviation_high_eV_A",
        0.1,
        "deviation_high_eV_A = 0.1",
        "deviation_low_eV_A = 0.3",
    ),
    potential(
        f"{TRAINING}.exploration.frame_interval_ps",
        1e-9,
        "frame_interval_ps = 1e-09",
        "whole number of time steps",
    ),
    potential(f"{TRAINING}.exploration.rounds", 10**6, "exploration.rounds = 1000000", "1000"),
    potential(
        f"{TRAINING}.validation.repulsion_to", 0.8, "repulsion_to = 0.8", "repulsion_from = 0.75"
    ),
    potential(f"{TRAINING}.validation.md_ps", 0.25, "md_ps = 0.25", "multiple of 0.1"),
    potential(
        f"{TRAINING}.reference.calculator",
        "tblight",
        "calculator = 'tblight'",
        "did you mean 'tblite'",
    ),
    potential(f"{TRAINING}.reference.method", "GFN-FF", "reference.method = 'GFN-FF'", "GFN1-xTB"),
    potential(f"{TRAINING}.reference.scf_conv", 0, "reference.scf_conv = 0", "greater than 0"),
    potential(
        f"{TRAINING}.reference.calculator",
        "pyscf",
        "stress_weight = 10",
        "have no stress",
        "set it to 0",
    ),
    potential(f"{TRAINING}.cp2k_command", " ", f"{TRAINING}.cp2k_command = ' '", "is empty"),
    potential(
        f"{TRAINING}.systems",
        {"box": {"counts": {"LI": 1, "FSI": 1}, "density_g_cm3": 1.2}},
        "no box holds DME",
        "add a box",
    ),
    potential(f"{TRAINING}.systems", {"a b": {}}, "systems.a b", "letters, digits and dots"),
    potential(
        f"{TRAINING}.reference.functional",
        "PBE0",
        "reference.functional = 'PBE0': no name of CP2K",
        "did you mean 'PBE'?",
        "take PBE, BLYP, BP",
        stop=BEFORE,
        potential_training__reference__calculator="cp2k",
    ),
    potential(
        f"{TRAINING}.reference.functional",
        "b3lpy",
        "reference.functional = 'b3lpy'",
        "not known",
        stop=BEFORE,
        **{
            "potential_training__reference__calculator": "pyscf",
            "potential_training__model__stress_weight": 0,
            "potential_training__validation__md_npt_ps": 0,
            "potential_md__npt_ps": 0,
        },
    ),
    potential(
        f"{TRAINING}.reference.gaussian_basis",
        "def3-SVP",
        "gaussian_basis = 'def3-SVP'",
        "another basis",
        stop=BEFORE,
        **{
            "potential_training__reference__calculator": "pyscf",
            "potential_training__model__stress_weight": 0,
            "potential_training__validation__md_npt_ps": 0,
            "potential_md__npt_ps": 0,
        },
    ),
]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    """Paths of a configuration are relative to the repository."""
    monkeypatch.chdir(ROOT)


def broken(one):
    """The configuration of a row as plain data."""
    data = yaml.safe_load((ROOT / STUDIES[one.study]).read_text())
    for key, value in {one.key: one.value, **one.more}.items():
        data = spoil(data, key, value)
    if one.value is REMOVED:
        *parents, last = one.key.split(".")
        block = data
        for name in parents:
            block = block[name]
        del block[last]
    return data


def named(one):
    return f"{one.key}={one.value!r}"[:60] if one.value is not REMOVED else f"no {one.key}"


@pytest.mark.parametrize("one", ROWS, ids=named)
def test_a_wrong_key_stops_where_it_must(one):
    reached, data = [], broken(one)
    with pytest.raises(InputError) as caught:
        reached.append(LOAD)
        study = registry.load(data)
        reached.append(CHECK)
        registry.kind(study.kind).check(study)
        reached.append(BEFORE)
        registry.kind(study.kind).before_run(study)
    text = str(caught.value)
    for word in one.words:
        assert word in text
    assert reached[-1] == one.stop, text
    assert "pydantic" not in text and len(text) < 2000


def test_there_is_a_row_for_every_block():
    blocks = {one.key.partition(".")[0] for one in ROWS}
    wanted = set(registry.kind("liquid_nmr").study.model_fields)
    assert wanted <= blocks
    assert len(ROWS) >= 150
