"""The store at one, ten and a hundred million entries: what it takes on disk and how quickly it answers."""
