"""Every figure that the README quotes, each by one command; `python -m bench` runs them all."""
