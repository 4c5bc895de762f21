"""What keeping models on a cluster costs: Headrace on Spark beside Headrace in one process, and beside Spark Structured Streaming."""
