"""Lets Beam ship this project to its workers with ``--setup_file ./setup.py``; pyproject.toml declares everything."""

from setuptools import setup

setup()
