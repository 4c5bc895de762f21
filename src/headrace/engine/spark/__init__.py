"""Delta programs on Spark, with what they keep in Iceberg tables. Nothing here imports pyspark before it is used."""
