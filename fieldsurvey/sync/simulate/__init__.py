"""Deterministic simulation of laptops and a hub: one seed is one history.

The store, the merge, the exchange, the wire and the packages are the real
ones. Made up are time, chance, the people, and the ways between the machines:
these lose, repeat, reorder and delay, machines stop at random statements,
disks are put back to older states.
"""
