"""Classes of solvation by the number of anions in the first shell."""

from ionshift.core.tables import CLASSES


def solvation_class(n_anion: int) -> str:
    """Class by the number of anions in the shell: SSIP 0, CIP 1, AGG 2 or 3, AGG+ more.

    You et al., JACS 2025, doi 10.1021/jacs.5c02710.
    """
    return CLASSES[0 if n_anion == 0 else 1 if n_anion == 1 else 2 if n_anion <= 3 else 3]
