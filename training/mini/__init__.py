"""The miniature: problems, working, tokenizer, pre-training, the s1 step, measuring."""
