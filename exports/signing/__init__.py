"""Electronic signatures on sheets: PAdES (ETSI EN 319 142-1), level B-B, and B-T with a time-stamp service.

Keys stay where they are, in the person's own file or token: they are read for
one signature and neither kept nor copied. Passwords are never logged.
Signatures with SM2 and agency seals (GB/T 38540) need the agency's own system.
"""
