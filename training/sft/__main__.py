"""`python -m training.sft`: see `training.sft.train`."""

from training.sft.train import main

main()
