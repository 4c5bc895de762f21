"""TPC-H: the standard's 22 queries as models over changing tables."""
