"""A differential fuzzer: random queries over random changes; what is kept must equal a recompute, after every epoch."""
