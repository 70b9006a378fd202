"""A simulated Linky, its wire and its line, in CPython; the simulated board, in MicroPython."""
