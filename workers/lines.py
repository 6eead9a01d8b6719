"""How RQ's own processes log: ``--config workers.lines``, which RQ reads ``DICT_CONFIG`` from."""

from waitingroom.logs import dict_from_environment

DICT_CONFIG = dict_from_environment("jobs")
