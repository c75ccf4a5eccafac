"""`python -m flambeau_conformance`: the same as the command `flambeau-conformance`."""

import sys

from .cli import main

sys.exit(main())
