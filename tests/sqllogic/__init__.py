"""sqllogictest files run against models: tables are sources, DML is a stream of changes, queries are kept incrementally."""
