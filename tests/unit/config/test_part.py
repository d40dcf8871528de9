"""What a rule hands over of a block: nothing that was left out becomes a default."""

import ast

import pytest

from ionshift.config.md import MD, TrainingMD
from ionshift.config.part import NotHandedOver, Part, given, whole
from ionshift.config.shell import Shell
from molecules import ROOT


def test_a_key_that_was_left_out_is_an_error_not_a_default():
    shell = given(Shell, {"ligand_elements": ["O"]})
    assert shell.ligand_elements == ["O"]
    with pytest.raises(NotHandedOver, match=r"shell\.rdf_max_A is not among the parameters"):
        _ = shell.rdf_max_A


def test_a_whole_block_needs_every_key():
    values = Shell().model_dump(mode="json")
    assert whole(Shell, values) == Shell()
    del values["rdf_bin_A"]
    with pytest.raises(NotHandedOver, match=r"shell\.rdf_bin_A"):
        whole(Shell, values)


def test_the_platform_of_a_training_is_not_dropped():
    """It was: a training set to CUDA ran its validation on the CPU."""
    values = TrainingMD(platform="CUDA").model_dump(mode="json", exclude={"platform"})
    with pytest.raises(NotHandedOver, match="platform"):
        _ = given(TrainingMD, values).platform
    assert given(TrainingMD, values | {"platform": "CUDA"}).platform == "CUDA"


def test_a_part_has_the_checks_and_properties_of_its_block():
    md = Part(MD, {"production_ps": 100.0, "frame_interval_ps": 2.0})
    assert md.n_frames == 50
    with pytest.raises(ValueError, match="unknown key"):
        Part(MD, {"production_fs": 1.0})
    with pytest.raises(ValueError, match="greater than 0"):
        Part(MD, {"production_ps": -1.0})


def scripts():
    return sorted(path for path in (ROOT / "scripts").glob("[!i]*/*.py"))


def test_no_script_builds_a_block_from_a_slice_of_its_parameters():
    found = {}
    for path in [*scripts(), *(ROOT / "scripts/inference").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            unpacked = isinstance(node, ast.Call) and [k for k in node.keywords if k.arg is None]
            if unpacked and any("params" in ast.unparse(k.value) for k in unpacked):
                found[path.name] = ast.unparse(node)
    assert len(scripts()) > 30 and not found


def test_no_script_reads_the_configuration_behind_its_rule():
    for path in scripts():
        names = [
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute)
        ]
        assert "snakemake.config" not in names, path
