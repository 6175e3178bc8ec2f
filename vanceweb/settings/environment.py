"""The environment, which only this package reads."""

from environs import Env

env = Env()
