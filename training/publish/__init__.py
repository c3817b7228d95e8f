"""Model card and data-set card for the Hugging Face Hub, and what must not be in an upload (`training.publish`)."""
