"""Run histories: python -m fieldsurvey.sync.simulate --seed S --histories N."""

import sys

from fieldsurvey.sync.simulate.runner import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
