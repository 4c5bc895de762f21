"""The services that `target: cluster` needs, as plain processes on loopback: for development, tests and CI.

kafka      the broker, one node in KRaft mode
minio      the S3 server
postgres   the database that a lake's catalog is in
spark      standalone: a master and two workers
secret     their passwords
process    a process that outlives us: started, found again, stopped
maven      jars from Maven Central, checked by hash
"""
