from ase import Atoms

from ionshift.cli import bench_geometry_optimization
from ionshift.solvation.classes import CLASSES


def clusters(n):
    return [
        Atoms("Li", info={"solvation_class": CLASSES[i % len(CLASSES)], "number": i})
        for i in range(n)
    ]


def test_more_clusters_of_a_class_keep_those_of_before():
    few, more = (bench_geometry_optimization.spread_over_classes(clusters(40), n) for n in (2, 5))
    assert [len(few), len(more)] == [8, 20]
    assert {a.info["number"] for a in few} < {a.info["number"] for a in more}
    assert len(bench_geometry_optimization.spread_over_classes(clusters(3), 5)) == 3
