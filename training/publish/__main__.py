"""`python -m training.publish`: see `training.publish.upload`."""

import sys

from training.publish.upload import main

sys.exit(main())
