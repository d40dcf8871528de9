"""Boxes to start from: taken as they are, or refused with what is wrong."""

import numpy as np
import pytest

from ionshift.config.electrolyte import System
from ionshift.core.errors import InputError
from ionshift.systems import electrolyte as boxes
from ionshift.systems import starting_boxes

COUNTS = {"LI": 2, "FSI": 2, "DME": 3}


@pytest.fixture
def system():
    return System(counts=COUNTS, density_g_cm3=1.0)


@pytest.fixture
def written(electrolyte, system, tmp_path):
    """A box of whole molecules on a line, and where its atoms are."""
    topology = boxes.build_topology(electrolyte, COUNTS)
    molecules = boxes.load_templates(electrolyte)
    names = [name for name, number in COUNTS.items() for _ in range(number)]
    positions_A = np.concatenate(
        [molecules[name].positions_A + [2.0 * i, 0, 0] for i, name in enumerate(names)]
    )
    path = tmp_path / "box.pdb"
    boxes.write_pdb(topology, positions_A, boxes.box_edge_A(electrolyte, system), path)
    return path, positions_A


def refusal(electrolyte, system, path):
    with pytest.raises(InputError) as caught:
        starting_boxes.take_box(electrolyte, system, path, path.with_name("out.pdb"))
    assert not path.with_name("out.pdb").exists()
    return str(caught.value)


def test_a_box_is_taken_as_it_is(electrolyte, system, written, tmp_path):
    path, positions_A = written
    out = tmp_path / "packed.pdb"
    starting_boxes.take_box(electrolyte, system, path, out)
    assert np.abs(boxes.read_pdb_positions(out) - positions_A).max() <= 5e-4
    np.testing.assert_array_equal(boxes.read_pdb_box(out), boxes.read_pdb_box(path))
    assert out.read_text().splitlines()[2:] == path.read_text().splitlines()[2:]


def test_a_box_of_other_molecules(electrolyte, system, written):
    other = system.model_copy(update={"counts": {"LI": 3, "FSI": 3, "DME": 2}})
    message = refusal(electrolyte, other, written[0])
    assert "{'LI': 2, 'FSI': 2, 'DME': 3}" in message and "'DME': 2}" in message


def test_a_box_in_another_order(electrolyte, system, written):
    other = system.model_copy(update={"counts": {"DME": 3, "LI": 2, "FSI": 2}})
    assert "in the same order" in refusal(electrolyte, other, written[0])


def test_a_box_of_another_density(electrolyte, system, written):
    other = system.model_copy(update={"density_g_cm3": 1.3})
    message = refusal(electrolyte, other, written[0])
    assert "has 1.000 g/cm3" in message and "density_g_cm3 = 1.3" in message


def test_broken_molecules(electrolyte, system, written):
    path, positions_A = written
    positions_A[-1, 1] += 7.0
    topology = boxes.build_topology(electrolyte, COUNTS)
    boxes.write_pdb(topology, positions_A, boxes.read_pdb_box(path), path)
    assert "write molecules whole" in refusal(electrolyte, system, path)


@pytest.mark.parametrize("text", ["", "ATOM  nonsense\n", "CRYST1\n"])
def test_a_file_that_is_no_box(electrolyte, system, tmp_path, text):
    path = tmp_path / "box.pdb"
    path.write_text(text)
    assert str(path) in refusal(electrolyte, system, path)


def test_a_box_without_its_cell(electrolyte, system, written):
    path, _ = written
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("CRYST1")))
    assert "no CRYST1 record" in refusal(electrolyte, system, path)


def test_a_missing_file_and_too_few_boxes_are_told_by_their_key(electrolyte, system, written):
    given = system.model_copy(update={"starts": [str(written[0]), "gone.pdb"]})
    with pytest.raises(InputError, match=r"systems\.1M\.starts\[1\] = 'gone\.pdb': no such file"):
        starting_boxes.check(electrolyte, {"systems.1M": given}, 2)
    with pytest.raises(InputError, match=r"systems\.1M\.starts: 2 boxes for 3 replicas"):
        starting_boxes.check(electrolyte, {"systems.1M": given}, 3)


def test_one_box_for_two_replicas():
    with pytest.raises(ValueError, match=r"'a\.pdb' stands twice"):
        System(counts=COUNTS, density_g_cm3=1.0, starts=["a.pdb", "a.pdb"])
