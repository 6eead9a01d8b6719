"""What operators' programs talk to: ``/api/v1``, and the document that describes it.

Each operation is one line in a module of its group; :mod:`.frame` says how.
"""
