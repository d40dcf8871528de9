"""Reading a configuration: every mistake is named with key, value and remedy."""

from pathlib import Path

import pytest
import yaml

from ionshift.config import md as config_md
from ionshift.config import protocol
from ionshift.core.errors import InputError
from ionshift.studies import registry
from studies import spoil

FOLDER = Path(__file__).resolve().parents[3] / "config"
STUDIES = sorted(FOLDER.glob("*.yaml"))


@pytest.fixture
def study():
    """The default configuration as plain data, free to be spoiled."""
    return yaml.safe_load((FOLDER / "config.yaml").read_text())


def message(data):
    with pytest.raises(InputError) as caught:
        registry.load(data)
    return str(caught.value)


# ------------------------------------------------------------- what is right


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_shipped_study_loads(path):
    loaded = registry.load(path)
    expected = ["2.9M"] if path.stem == "lifsi_dme_potential" else ["1M", "2M", "3M", "4M"]
    assert list(loaded.systems) == expected


def test_shipped_studies_have_names_of_their_own():
    assert len({registry.load(path).study for path in STUDIES}) == len(STUDIES) >= 3


def test_load_takes_a_mapping_as_well_as_a_path(study):
    assert registry.load(study) == registry.load(str(FOLDER / "config.yaml"))


def test_only_three_keys_are_needed(study):
    needed = {key: study[key] for key in ("study", "electrolyte", "systems")}
    assert registry.load(needed).md == config_md.MD()


def test_published_scale_adds_up():
    study = registry.load(FOLDER / "lifsi_dme.yaml")
    frames = study.md.n_frames // study.sampling.frame_stride
    for system in study.systems.values():
        assert system.counts["LI"] * study.md.replicas * frames == 90_000
    assert study.md.replicas >= 3 and study.md.production_ps >= 10_000
    assert len(study.systems) * study.sampling.n_clusters == 28_000
    shards = -(-study.sampling.n_clusters // study.labelling.shard_size)
    assert len(study.systems) * (shards + 2 * study.md.replicas) < 500
    assert study.sampling.pool_size >= study.sampling.n_clusters


def test_demo_is_small():
    study = registry.load(FOLDER / "config.yaml")
    md = study.md
    total_ps = md.npt_ps + md.anneal_ps + md.density_ps + md.nvt_ps + md.production_ps
    assert total_ps <= 250 and md.replicas == 1
    assert sum(study.sampling.n_clusters for _ in study.systems) <= 8


def test_a_protocol_of_ones_own_is_chosen(study):
    spoiled = spoil(study, "labelling.protocols", {"tight": {"functional": "pbe0"}})
    spoiled["labelling"]["protocol"] = "tight"
    chosen = registry.load(spoiled).labelling.chosen_protocol()
    assert chosen.functional == "pbe0" and chosen.basis_far == protocol.Protocol().basis_far


def test_the_protocol_of_the_docs_is_valid(study):
    """The first YAML block of docs/labels.md."""
    text = (FOLDER.parent / "docs" / "labels.md").read_text()
    shown = yaml.safe_load(text.split("```yaml")[1].split("```")[0])
    chosen = registry.load(study | shown).labelling.chosen_protocol()
    assert chosen.functional == "wb97x" and chosen.solvent_epsilon == 7.43


def test_a_study_cannot_be_changed(study):
    loaded = registry.load(study)
    with pytest.raises(ValueError):
        loaded.md.temperature_K = 300.0


# ------------------------------------------------------------- what is wrong

WRONG_VALUES = {
    "unknown key": ("md.timstep_fs", 2, ["md.timstep_fs", "2", "did you mean 'timestep_fs'"]),
    "unknown key at the top": ("samplng", {}, ["samplng", "did you mean 'sampling'"]),
    "unknown key of a species": (
        "electrolyte.species.LI.chrge",
        1,
        ["electrolyte.species.LI.chrge", "did you mean 'charge'"],
    ),
    "unknown key of a system": (
        "systems.1M.density",
        1.0,
        ["systems.1M.density", "did you mean 'density_g_cm3'"],
    ),
    "text for a number": ("md.cutoff_A", "nine", ["md.cutoff_A", "'nine'", "valid number"]),
    "value with a unit": ("md.timestep_fs", "2 fs", ["md.timestep_fs", "'2 fs'", "valid number"]),
    "fraction for a count": ("md.replicas", 1.5, ["md.replicas", "1.5", "valid integer"]),
    "list for a block": ("md", [1, 2], ["md", "[1, 2]"]),
    "negative temperature": ("md.temperature_K", -298.15, ["md.temperature_K", "-298.15", "> 0"]),
    "infinite cut-off": ("md.cutoff_A", float("inf"), ["md.cutoff_A", "inf", "finite"]),
    "too long a step": ("md.timestep_fs", 20, ["md.timestep_fs", "20", "<= 5"]),
    "unknown engine": ("md.engine", "lammps", ["md.engine", "'lammps'", "openmm", "gromacs"]),
    "no element": ("electrolyte.nucleus", "Xx", ["electrolyte.nucleus", "'Xx'", "not a chemical"]),
    "unknown protocol": (
        "labelling.protocol",
        "quick",
        ["labelling", "protocol", "'quick'", "fast, reference"],
    ),
    "name of a built-in protocol": (
        "labelling.protocols",
        {"fast": {}},
        ["labelling", "'fast'", "choose another"],
    ),
    "frames not whole": (
        "md.frame_interval_ps",
        0.3,
        ["md", "production_ps = 80", "frame_interval_ps = 0.3", "whole multiple"],
    ),
    "checkpoints between frames": (
        "md.checkpoint_interval_ps",
        0.7,
        ["md", "checkpoint_interval_ps = 0.7", "whole multiple", "frame_interval_ps = 0.5"],
    ),
    "grid upside down": (
        "descriptor.k2_min_A",
        8.0,
        ["descriptor", "k2_max_A", "larger than k2_min_A = 8"],
    ),
    "unknown species": (
        "systems.2M.counts",
        {"LI": 10, "FSI": 10, "DMEE": 40},
        ["systems.2M.counts", "'DMEE'", "did you mean 'DME'", "LI, FSI, DME"],
    ),
    "charged box": (
        "systems.3M.counts",
        {"LI": 14, "FSI": 13, "DME": 33},
        ["systems.3M.counts", "14 LI (+1), 13 FSI (-1)", "+1 e", "change the counts"],
    ),
    "no cation in the box": (
        "systems.4M.counts",
        {"DME": 30},
        ["systems.4M.counts", "no cation", "add one"],
    ),
    "no molecules of a species": ("systems.1M.counts.DME", 0, ["systems.1M.counts.DME", "0"]),
    "no anion at all": (
        "electrolyte.species.FSI",
        {"role": "solvent", "charge": 0, "template": "resources/molecules/FSI.pdb"},
        ["electrolyte.species", "'anion'", "add one"],
    ),
    "name of a system with a slash": ("systems", {"1/M": {}}, ["systems.1/M"]),
    "share above one": ("labelling.min_ok_share", 1.5, ["labelling.min_ok_share", "1.5", "<= 1"]),
    "ranges out of order": (
        "structure.lsi_edges_A2",
        [0.2, 0.1],
        ["structure", "[0.2, 0.1]", "do not ascend", "sort them"],
    ),
    "nothing left of a cut-off": (
        "structure.lsi_cutoff_offsets_A",
        [-5.0, 0.0],
        ["structure.lsi_cutoff_offsets_A", "-5", "shell.lsi_cutoff_A = 3.7", "raise it"],
    ),
    "colour of an unknown class": (
        "figures.class_colours",
        {"FREE": "#000000"},
        ["figures.class_colours.FREE", "SSIP"],
    ),
    "a fit beyond the longest lag": (
        "dynamics.fit_share",
        [0.1, 0.6],
        ["dynamics", "fit_share = [0.1, 0.6]", "max_lag_share = 0.5"],
    ),
    "a fit that does not fit into a block": (
        "dynamics.n_blocks",
        5,
        ["dynamics", "ends at 0.3", "1/5", "lower it or n_blocks"],
    ),
    "viscosity of an unknown system": (
        "dynamics.viscosity_mPa_s",
        {"1m": 0.5},
        ["dynamics.viscosity_mPa_s", "unknown system '1m'", "1M, 2M, 3M, 4M"],
    ),
}


@pytest.mark.parametrize("case", WRONG_VALUES)
def test_mistake_is_named_with_value_and_remedy(case, study):
    path, value, expected = WRONG_VALUES[case]
    text = message(spoil(study, path, value)).replace("less than or equal to", "<=")
    text = text.replace("greater than", ">")
    for part in expected:
        assert part in text


@pytest.mark.parametrize("key", ["study", "electrolyte", "systems"])
def test_missing_key_is_named(key, study):
    del study[key]
    assert f"{key}: this key is needed and was not given; add it" in message(study)


def test_all_mistakes_are_listed_at_once(study):
    spoiled = spoil(spoil(study, "md.temperature_K", -1), "sampling.method", "best")
    text = message(spoiled)
    assert "md.temperature_K" in text and "sampling.method" in text


def test_messages_speak_no_pydantic(study):
    for path, value, _ in WRONG_VALUES.values():
        text = message(spoil(study, path, value))
        assert "pydantic" not in text and "type=" not in text and "Value error" not in text


def test_missing_file_is_named(tmp_path):
    assert "nothing.yaml: no such file" in message(tmp_path / "nothing.yaml")


def test_broken_yaml_is_named_with_its_line(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("study: demo\nmd: {threads: 1\n")
    text = message(path)
    assert "broken.yaml, line 3, column 1 is not valid YAML" in text


@pytest.mark.parametrize("content", ["", "- study\n- demo\n", "demo\n"])
def test_a_file_without_keys_is_refused(content, tmp_path):
    path = tmp_path / "list.yaml"
    path.write_text(content)
    assert "expected keys and values" in message(path)


def test_a_key_of_an_earlier_version_is_told_by_its_present_name(study):
    with pytest.raises(
        InputError, match=r"relaxation: .* geometry_optimization since version 0\.2"
    ):
        registry.load(study | {"relaxation": {}})


def test_an_unknown_kind_of_study_is_told_with_those_there_are(study):
    with pytest.raises(InputError, match=r"kind = 'liquid_nrm'.*did you mean 'liquid_nmr'"):
        registry.load(study | {"kind": "liquid_nrm"})
