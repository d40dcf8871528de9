"""Figures from tidy tables: one style, one function a figure.

Every drawing function takes tables and the style and returns a matplotlib Figure.
"""
