"""Reference calculators, one a file: compute(atoms, settings, attempt).

It returns the energy in eV, forces (n, 3) in eV/A and the stress (3, 3) in eV/A^3 with ASE's sign,
or None without periodicity; `settings` is a config.Reference.
"""
